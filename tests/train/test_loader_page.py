"""The page about feeding a training loop says what is: its Python runs, in order, and its YAML is a config."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import yaml
from packed_folders import encode, packed_folder

from train.config import Config

ROOT = Path(__file__).parent.parent.parent
PAGE = (ROOT / "docs" / "data-loader.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def names(tmp_path, monkeypatch):
    """Run on sources and sequences like those of recipes/quickstart.yaml."""
    recipe = yaml.safe_load((ROOT / "recipes" / "quickstart.yaml").read_text(encoding="utf-8"))
    (sequence_tokens,) = [one["pack"]["sequence_tokens"] for one in recipe["stages"] if "pack" in one]
    texts = {name: [f"{name}: 很久很久以前, once upon a time " * n for n in range(1, 40)] for name in recipe["sources"]}
    documents = {name: [encode(text) for text in one] for name, one in texts.items()}
    packed_folder(tmp_path / "pack", documents, sequence_tokens=sequence_tokens)
    monkeypatch.chdir(tmp_path)
    found: dict = {}
    for code in blocks("python")[:4]:
        exec(code, found)
    return found


def test_the_python_runs_and_does_what_the_page_says(names):
    assert len(blocks("python")) == 5
    assert names["served"].tokens == pytest.approx(40_000, abs=512) and names["state"]["loader"]["step"] > 10
    assert [sum(phase.asked.values()) for phase in names["loader"].plan.phases] == [30_000, 10_000]
    one, other = names["parts"]
    assert one.n_tokens == other.n_tokens == np.count_nonzero(one.mask) + np.count_nonzero(other.mask)
    assert names["loader"].step == len(names["loader"])
    exec(blocks("python")[4], names)
    assert (names["loader"].step, names["loader"].skipped) == (2, ((3, 5),))


def test_the_yaml_is_a_config():
    (text,) = blocks("yaml")
    config = Config(data="pack", out="run", **yaml.safe_load(text))
    assert config.budgets() == [("natural", 90_000_000), ({"code": 0.7, "docs": 0.3}, 10_000_000)]
