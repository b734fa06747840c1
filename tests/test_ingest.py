"""Ingest: identity, repair, cuts, and rows that cannot be read."""

from __future__ import annotations

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import ingest
from pipeline.errors import InputError
from pipeline.ingest import Place, canonical_json, read_batches, repair, uid_of
from pipeline.readers.base import Bad, Document, Input
from pipeline.recipe import Source
from pipeline.rows import MAX_ROWS, place_of, rank_of
from pipeline.shards import BATCH_ROWS


class Listed:
    """A reader of given rows; an exception among them is raised."""

    name = "listed"

    def __init__(self, rows):
        self.rows = rows

    def read(self, item):
        for row in self.rows:
            if isinstance(row, Exception):
                raise row
            yield row


def batches(rows, on_error="stop", shard_bytes=1 << 30):
    source = Source("web", Listed(rows), "", 1)
    item = Input("a.jsonl", "/data/a.jsonl", 1, "1")
    return [
        (shard, draft.outcome()) for shard, draft in read_batches(source, [(Place(2, 3), item)], on_error, shard_bytes)
    ]


@given(st.binary(max_size=40))
def test_bytes_are_repaired_as_python_decodes_them(data):
    text, n_broken = repair(data)
    assert text.decode() == data.decode(errors="replace")
    assert (n_broken == 0) == (text == data)


@pytest.mark.parametrize(
    ("given_text", "expected", "n_broken"),
    [
        (b"", "", 0),
        ("中文\ufffd".encode(), "中文\ufffd", 0),
        (b"a\xffb\xfe", "a\ufffdb\ufffd", 2),
        ("中文".encode()[:-1], "中\ufffd", 1),
        ("中文".encode("gb18030"), "\ufffd\ufffd\ufffd\ufffd", 4),
        (b"\xed\xa0\x80\xef\xbf\xbd", "\ufffd\ufffd\ufffd\ufffd", 3),
        ("a\ud800b", "a\ufffdb", 1),
        ("\ud83d\ude00", "😀", 0),
        ("\udc00\ud800", "\ufffd\ufffd", 2),
    ],
)
def test_broken_sequences_are_counted(given_text, expected, n_broken):
    assert repair(given_text) == (expected.encode(), n_broken)


def test_identity_and_columns():
    rows = [Document(0, "x", "id1", {"b": 1, "a": "中"}), Document(5, b"y\xff", origin="https://a.example/\ud800")]
    ((shard, outcome),) = batches(rows)
    table = outcome.kept.to_pylist()
    assert shard == 0
    assert table[0] == {
        "uid": hashlib.blake2b(b"web\0a.jsonl\x000", digest_size=16).hexdigest(),
        "rank": rank_of(2, 3, 0), "source": "web", "origin": "a.jsonl:1", "id": "id1",
        "meta": '{"a":"中","b":1}', "broken_utf8": 0, "text": "x",
    }  # fmt: skip
    assert table[1]["uid"] == uid_of("web", "a.jsonl", 5)
    assert place_of(table[1]["rank"]) == (2, 3, 5)
    assert (table[1]["origin"], table[1]["broken_utf8"]) == ("https://a.example/\ufffd", 1)
    outcome.ledger.check()


def test_canonical_json_is_the_same_for_the_same_values():
    assert canonical_json({"b": [1, None], "a": {"z": 1.5, "y": True}}) == canonical_json(
        {"a": {"y": True, "z": 1.5}, "b": [1, None]}
    )
    with pytest.raises(ValueError, match="JSON"):
        canonical_json({"a": float("nan")})


def test_batches_end_at_rows_and_bytes_and_shards_at_bytes(monkeypatch):
    sizes = [outcome.kept.num_rows for _, outcome in batches([Document(n, "x") for n in range(2 * BATCH_ROWS + 1)])]
    assert sizes == [BATCH_ROWS, BATCH_ROWS, 1]
    found = [
        (shard, outcome.kept.num_rows)
        for shard, outcome in batches([Document(n, "x" * 400) for n in range(10)], shard_bytes=1000)
    ]
    assert found == [(0, 3), (1, 3), (2, 3), (3, 1)]
    monkeypatch.setattr(ingest, "SHARD_ROWS", BATCH_ROWS)
    assert [shard for shard, _ in batches([Document(n, "") for n in range(2 * BATCH_ROWS + 1)])] == [0, 1, 2]


def test_no_rows_still_give_a_batch():
    ((shard, outcome),) = batches([])
    assert (shard, outcome.kept.num_rows, outcome.dropped.num_rows) == (0, 0, 0)


BAD = Bad(1, "bad_json", "/data/a.jsonl:2: the line is not JSON", "{")


def test_a_bad_row_stops_or_is_dropped_with_its_reason():
    with pytest.raises(InputError, match=r"/data/a.jsonl:2: the line is not JSON; `on_error: quarantine`"):
        batches([Document(0, "x"), BAD])
    ((_, outcome),) = batches([Document(0, "x"), BAD, Document(2, "中")], on_error="quarantine")
    assert outcome.kept.column("text").to_pylist() == ["x", "中"]
    (dropped,) = outcome.dropped.to_pylist()
    assert (dropped["stage"], dropped["reason"], dropped["failed"], dropped["excerpt"]) == (
        "read",
        "bad_json",
        ["bad_json"],
        "{",
    )
    assert dropped["origin"] == "a.jsonl:2"
    count = outcome.ledger.count("read", "web")
    assert (count.rows_in, count.rows_out, count.reasons["bad_json"].dropped, count.bytes_out) == (3, 2, 1, 4)


def test_an_input_that_breaks_off_stops_or_ends_with_a_dropped_row():
    broken = InputError("/data/a.jsonl breaks off")
    with pytest.raises(InputError, match="breaks off"):
        batches([Document(0, "x"), broken])
    ((_, outcome),) = batches([Document(0, "x"), broken], on_error="quarantine")
    (dropped,) = outcome.dropped.to_pylist()
    assert (dropped["reason"], dropped["origin"], dropped["excerpt"]) == (
        "unreadable",
        "a.jsonl:2",
        "a.jsonl breaks off",
    )


def test_too_many_rows():
    with pytest.raises(InputError, match="split it into several files"):
        batches([Document(MAX_ROWS, "x")])


def test_uids_are_distinct_where_names_meet():
    assert len({uid_of("a", "b", 1), uid_of("a", "b\x001", 1), uid_of("ab", "", 1), uid_of("a", "b", 11)}) == 4
    assert json.loads(canonical_json({})) == {}
