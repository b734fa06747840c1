"""A run that stands for a larger one: the tokens it is served are those its weights ask for, whatever is drawn."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from packed_folders import encode, packed_folder

from train.account import Account, settle
from train.errors import ConfigError
from train.loader import Loader
from train.packed import read_index
from train.parts import draw, plan_of
from train.plan import Order, Phase

N_TOKENS = 20_000
HALVES = {"en": 1.0, "zh": 1.0}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Each document is a sequence: some of a few tokens, some full."""
    path, random = str(tmp_path_factory.mktemp("packed")), Random(1)
    en = [[1] * min(500, int(random.lognormvariate(3, 1.3))) for _ in range(3000)]
    zh = [encode("学而时习之，不亦说乎？" * random.choice((1, 1, 1, 12))) for _ in range(200)]
    packed_folder(path, {"en": en, "zh": zh, "empty": []}, sequence_tokens=512, packing="pad", shards=3)
    return path


@pytest.mark.parametrize("target", [2_000_000, 20_000_000])
def test_each_source_is_served_what_its_weight_asks_for(folder, target):
    loader = Loader.open(
        folder, batch_sequences=8, mixture=HALVES, tokens=N_TOKENS, target_tokens=target, max_epochs=1e9
    )
    account = Account.of(loader)
    for batch in loader:
        account.add(batch)
    served = settle(loader, account)["total"]["served"]
    for name in HALVES:
        assert served[name]["tokens"] == pytest.approx(loader.plan.asked[name], abs=512), name
        assert loader.plan.asked[name] == 10_000


def test_the_part_is_what_the_order_draws_from(folder):
    index, phases = read_index(folder), [Phase(HALVES, N_TOKENS)]
    plan = plan_of(index, folder, phases, 1e9, 400_000)
    order, found = Order(plan, 5, 1024), draw(index, folder, phases, 400_000).drawn
    loader = Loader(index, folder, plan, 5, 8)
    for source, (name, (n, tokens)) in enumerate(found.items()):
        _, row = order.rows(name, 0, n)
        assert len(np.unique(row)) == n == plan.available[name] == {"en": 150, "zh": 10}[name]
        assert loader.tokens_of(source, row).sum() == tokens


def test_without_a_target_or_with_the_run_as_its_own_all_is_drawn(folder):
    index, phases = read_index(folder), [Phase(HALVES, N_TOKENS)]
    plan = plan_of(index, folder, phases, 4.0)
    assert plan.available == {"en": 3000, "zh": 200} and plan.coarse == ()
    assert plan_of(index, folder, phases, 4.0, N_TOKENS) == plan


def test_a_part_too_small_to_match_is_named(folder):
    index = read_index(folder)
    plan = plan_of(index, folder, [Phase({"zh": 1.0}, N_TOKENS)], 1e9, 20_000_000)
    assert plan.available == {"zh": 1} and plan.coarse == ("zh",)
    assert plan_of(index, folder, [Phase({"en": 1.0}, N_TOKENS)], 1e9, 2 * N_TOKENS).coarse == ()


@pytest.mark.parametrize(
    ("weights", "target", "says"),
    [
        ({"en": 1.0}, N_TOKENS - 1, "target_tokens is 19,999, less than the 20,000 tokens of the run itself"),
        ({"en": 1.0, "empty": 1.0}, 2 * N_TOKENS, "'empty' a weight, but it has no tokens"),
        ({"zhi": 1.0}, 2 * N_TOKENS, r"'zhi' \(did you mean 'zh'\?\)"),
    ],
)
def test_what_is_refused(folder, weights, target, says):
    with pytest.raises(ConfigError, match=says):
        plan_of(read_index(folder), folder, [Phase(weights, N_TOKENS)], 4.0, target)
