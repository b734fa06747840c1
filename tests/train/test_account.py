"""The account: what was planned is what was served and skipped, and a batch lost, twice or exchanged is named."""

from __future__ import annotations

import json
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packed_folders import encode, packed_folder

from train import account as module
from train import sequences
from train.account import Account, AccountError, check, planned, settle, skipped
from train.errors import DataError
from train.loader import Loader
from train.packed import read_index
from train.parts import plan_of
from train.plan import Phase, allot

TEXTS = {
    "en": [f"Entry {number}. " * (1 + number % 5) for number in range(40)],
    "one": ["只有一行"],
    "zh": [f"第{number}条：学而时习之。" * (1 + number % 3) for number in range(20)],
}
PHASES = [Phase({"en": 0.6, "zh": 0.3, "one": 0.1}, 3000), Phase({"zh": 0.5, "one": 0.5}, 800)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("packed")
    packed_folder(path, {source: [encode(text) for text in texts] for source, texts in TEXTS.items()}, shards=3)
    return str(path)


@pytest.fixture(scope="module")
def index(folder):
    return read_index(folder)


def opened(index, folder, phases=PHASES, *, target=0, **more):
    return Loader(index, folder, plan_of(index, folder, phases, 1e6, target), 1, 16, **more)


def served(loader, batches) -> Account:
    account = Account.of(loader)
    for batch in batches:
        account.add(batch)
    return account


def test_a_run_that_lost_nothing_adds_up_by_source_and_phase(index, folder):
    loader = opened(index, folder)
    account = served(loader, loader)
    told = settle(loader, account)
    check(told)
    assert told["differences"] == [] and told["steps"] == told["windows"] == len(loader)
    assert json.loads(json.dumps(told)) == told
    total = told["total"]
    assert (
        total["planned"] == total["served"] and sum(one["tokens"] for one in total["served"].values()) == account.tokens
    )
    assert total["served"]["one"]["epochs"] == total["served"]["one"]["sequences"]  # of one sequence
    assert {name: one["sequences"] for name, one in total["planned"].items()} == loader.plan.sequences
    first, second = (phase["served"] for phase in told["phases"])
    assert (
        second["en"] == {"tokens": 0, "sequences": 0, "epochs": 0.0}
        and first["en"]["tokens"] == total["served"]["en"]["tokens"]
    )
    assert all(
        first[name]["tokens"] + second[name]["tokens"] == total["served"][name]["tokens"] for name in total["served"]
    )


def test_what_is_planned_of_one_epoch_is_what_the_data_has(index, folder):
    tokens = {name: n_tokens for name, (_, n_tokens) in index.available().items()}
    loader = opened(index, folder, [Phase(tokens, sum(tokens.values()))])
    counts = planned(loader)[0]
    assert {name: (n, t) for name, (t, n, _) in zip(loader.sources, counts.tolist(), strict=True)} == index.available()


def test_planned_is_counted_by_another_way_than_served(index, folder, monkeypatch):
    """Over many epochs, in small chunks, and in a proxy's part of the data."""
    monkeypatch.setattr(module, "CHUNK_SEQUENCES", 3)
    monkeypatch.setattr(module, "SORTED_SEQUENCES", 8)
    for target in (0, 20_000):
        loader = opened(index, folder, [Phase({"zh": 1.0}, 9000), Phase({"zh": 0.9, "en": 0.1}, 1000)], target=target)
        np.testing.assert_array_equal(planned(loader), served(loader, loader).counts)
        assert loader.plan.epochs["zh"] > 3


@pytest.mark.parametrize(("epochs", "target"), [(1, 0), (3, 0), (0.7, 0), (2.5, 0), (1, 4)])
def test_shards_are_walked_one_after_another(tmp_path, monkeypatch, epochs, target):
    """Each is mapped once for whole epochs and once for each part of one, however few stay mapped."""
    documents = [encode("学而时习之" * (1 + number % 3)) for number in range(60)]
    packed_folder(tmp_path, {"zh": documents}, sequence_tokens=64, packing="pad", shards=12)
    index = read_index(str(tmp_path))
    n_tokens = int(index.available()["zh"][1] * epochs)
    plan = plan_of(index, str(tmp_path), [Phase({"zh": 1.0}, n_tokens)], 9, target * n_tokens)
    monkeypatch.setattr(sequences, "OPEN_SHARDS", 1)
    monkeypatch.setattr(module, "CHUNK_SEQUENCES", 7)
    count, real = [], sequences.Shards._open
    monkeypatch.setattr(sequences.Shards, "_open", lambda self, number: count.append(number) or real(self, number))
    counts = planned(Loader(index, str(tmp_path), plan, 1, 16))[0, 0]
    assert counts[1] == plan.total and counts[0] > 0
    walks = (epochs >= 1) + (epochs % 1 > 0)
    assert len(count) <= 12 * walks and (target or sorted(count) == sorted([*range(12)] * walks))


def test_a_whole_epoch_is_counted_once_for_all_phases(index, folder, monkeypatch):
    available = {"zh": index.available()["zh"]}
    loader = Loader(index, folder, allot([Phase({"zh": 1.0}, available["zh"][1])] * 5, available, 9), 1, 16)
    count, real = [], Loader.tokens_of
    monkeypatch.setattr(Loader, "tokens_of", lambda self, source, row: count.append(row) or real(self, source, row))
    counts = planned(loader)
    assert len(count) == 1 and (counts[:, 0, :2] == available["zh"][::-1]).all()
    np.testing.assert_array_equal(counts, served(loader, loader).counts)


def test_skipped_windows_are_in_the_account(index, folder):
    loader = opened(index, folder)
    whole = served(loader, [loader[step] for step in range(len(loader))])
    left_out = served(loader, [loader[step] for step in (3, 4, 5, len(loader) - 1)])
    loader.skip(3, 6)
    loader.skip(loader.n_windows - 1, loader.n_windows)
    account = served(loader, loader)
    told = settle(loader, account)
    check(told)
    assert told["skipped_windows"] == [[3, 6], [len(loader) + 3, len(loader) + 4]]
    np.testing.assert_array_equal(skipped(loader), left_out.counts)
    np.testing.assert_array_equal(account.counts + left_out.counts, whole.counts)
    tokens = {
        kind: sum(one["tokens"] for one in told["total"][kind].values()) for kind in ("planned", "served", "skipped")
    }
    assert tokens["planned"] == tokens["served"] + tokens["skipped"] and tokens["skipped"] > 0


def broken(kind, batches):
    if kind == "lost":
        return batches[:4] + batches[5:]
    if kind == "twice":
        return [*batches[:5], *batches[4:]]
    return [*batches[:4], batches[3], *batches[5:]]


@pytest.mark.parametrize("kind", ["lost", "twice", "one for another"])
def test_a_batch_lost_or_twice_is_an_error_that_names_the_sources(index, folder, kind):
    loader = opened(index, folder)
    account = served(loader, broken(kind, list(loader)))
    told = settle(loader, account)
    with pytest.raises(
        AccountError, match=r"the account does not add up: 'en' in phase 1: planned [\d,]+ tokens in "
    ) as caught:
        check(told)
    said = str(caught.value)
    assert caught.value.exit_code == 4 and "'zh' in phase 1" in said and "phase 2" not in said and "\n" not in said


def test_sequences_that_are_exchanged_are_found_though_all_numbers_agree(tmp_path):
    """All rows are full, so that a batch in place of another changes no count of tokens or sequences."""
    packed_folder(tmp_path, {"zh": [encode("学而时习之") for _ in range(8)]}, sequence_tokens=16)
    index = read_index(str(tmp_path))
    loader = Loader(index, str(tmp_path), allot([Phase({"zh": 1.0}, 96)], index.available(), 9), 0, 2)
    batches = list(loader)
    told = settle(loader, served(loader, [batches[0], batches[0], *batches[2:]]))
    assert told["total"]["planned"] == told["total"]["served"]
    with pytest.raises(AccountError, match="'zh' in phase 1"):
        check(told)


@pytest.mark.parametrize("world", [2, 3])
def test_ranks_add_up_and_one_alone_does_not(index, folder, world):
    ranks = [opened(index, folder, rank=rank, world=world) for rank in range(world)]
    accounts = [served(rank, rank) for rank in ranks]
    with pytest.raises(AccountError):
        check(settle(ranks[0], accounts[0]))
    for other in accounts[1:]:
        accounts[0].merge(other)
    check(settle(ranks[0], accounts[0]))


def test_its_state_goes_on_in_another_process(index, folder):
    loader = opened(index, folder)
    batches = list(loader)
    half = served(loader, batches[:7])
    state = pickle.loads(pickle.dumps(half.state_dict()))
    assert json.loads(json.dumps(state)) == state
    again = Account.of(opened(index, folder))
    again.load_state_dict(state)
    assert again.tokens == half.tokens > 0
    for batch in batches[7:]:
        again.add(batch)
    check(settle(loader, again))


STATES = [
    {}, {"sources": ["en", "one", "zh"]}, {"sources": ["en"], "counts": [[[0, 0, 0]]]},
    {"sources": ["en", "one", "zh"], "counts": [[[0, 0, 0]] * 3]},
    {"sources": ["en", "one", "zh"], "counts": [[["a", 0, 0]] * 3] * 2},
    {"sources": ["en", "one", "zh"], "counts": [[[1 << 70, 0, 0]] * 3] * 2},
    {"sources": ["en", "one", "zh"], "counts": [[[0, 0, 0], [0, 0]]]},
    {"sources": ["en", "one", "zh"], "counts": [[[1.7, 2, 3]] * 3] * 2},
    {"sources": ["en", "one", "zh"], "counts": [[[-1, 2, 3]] * 3] * 2},
    {"sources": ["en", "one", "zh"], "counts": [[[1, -2, 3]] * 3] * 2},
    {"sources": ["en", "one", "zh"], "counts": [[["1", "2", "3"]] * 3] * 2},
]  # fmt: skip


@pytest.mark.parametrize("state", STATES)
def test_states_of_something_else_are_refused(index, folder, state):
    account = Account.of(opened(index, folder))
    with pytest.raises(DataError, match="the account of what was served is not of this data and plan"):
        account.load_state_dict(state)
    assert account.tokens == 0


def test_a_sum_of_hashes_may_be_negative(index, folder):
    account = Account.of(opened(index, folder))
    account.load_state_dict({"sources": ["en", "one", "zh"], "counts": [[[1, 2, -3]] * 3] * 2})
    assert account.tokens == 6


@settings(max_examples=25)
@given(st.data())
def test_whatever_is_drawn_adds_up(index, folder, data):
    weights = st.sampled_from([{"en": 1, "zh": 0}, {"zh": 1, "one": 1}, {"en": 1, "zh": 2, "one": 3}, {"one": 1}])
    drawn = data.draw(st.lists(st.tuples(weights, st.integers(1, 1500)), min_size=1, max_size=3))
    n_tokens = sum(tokens for _, tokens in drawn)
    target = data.draw(st.sampled_from([0, n_tokens, 3 * n_tokens]))
    max_epochs = data.draw(st.sampled_from([0.5, 2, 1e9]))
    plan = plan_of(index, folder, [Phase(*one) for one in drawn], max_epochs, target)
    loader = Loader(index, folder, plan, data.draw(st.integers(0, 9)), data.draw(st.integers(1, 30)))
    if data.draw(st.booleans()):
        first = data.draw(st.integers(0, loader.n_windows - 1))
        loader.skip(first, data.draw(st.integers(first + 1, loader.n_windows)))
    account = served(loader, loader)
    check(settle(loader, account))
    assert account.counts[..., 1].sum(axis=0).tolist() == [
        plan.sequences[name] - skipped(loader)[..., 1].sum(axis=0)[n] for n, name in enumerate(loader.sources)
    ]
