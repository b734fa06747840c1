"""Other programs open `out/`: datasets, DuckDB, Polars, pyarrow, by the paths that the README gives."""

from __future__ import annotations

import pyarrow.dataset
import pytest
from harness import run, write_jsonl

RECIPE = """
sources:
  first: {reader: jsonl, paths: [a.jsonl]}
  second: {reader: jsonl, paths: [b.jsonl]}
  nothing: {reader: jsonl, paths: [c.jsonl]}
shard_mb: 1
stages: [toy_even, toy_first_char, toy_scrub]
"""


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    """The `out/` of a run with several shards, one of them empty, and the counts of its rows."""
    folder = tmp_path_factory.mktemp("elsewhere")
    write_jsonl(folder / "a.jsonl", 3000, seed=1)
    write_jsonl(folder / "b.jsonl", 100, seed=2)
    (folder / "c.jsonl").write_text("")
    ledger = run(folder, RECIPE).ledger
    assert len(list((folder / "run" / "out" / "documents").iterdir())) > 3
    total = ledger.total("read").rows_in
    kept = ledger.total("toy_scrub").rows_out
    return folder / "run" / "out", {"documents": kept, "dropped": total - kept}


@pytest.mark.parametrize("kind", ["documents", "dropped"])
def test_datasets(out, kind, tmp_path):
    import datasets

    folder, counts = out
    loaded = datasets.load_dataset(
        "arrow", data_files=str(folder / kind / "*.arrow"), split="train", cache_dir=str(tmp_path)
    )
    assert loaded.num_rows == counts[kind]
    assert "toy_even_n_chars" in loaded.column_names


@pytest.mark.parametrize("kind", ["documents", "dropped"])
def test_duckdb(out, kind):
    import duckdb

    folder, counts = out
    shards = pyarrow.dataset.dataset(str(folder / kind), format="arrow")
    assert duckdb.sql("select count(*), count(distinct uid) from shards").fetchall() == [(counts[kind], counts[kind])]
    assert shards.count_rows() == counts[kind]


@pytest.mark.parametrize("kind", ["documents", "dropped"])
def test_polars(out, kind):
    import polars

    folder, counts = out
    found = polars.scan_ipc(str(folder / kind / "*.arrow")).group_by("source").len().collect()
    assert found["len"].sum() == counts[kind]
