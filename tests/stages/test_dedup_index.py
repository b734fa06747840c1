"""Indexes on disk: they come back as they were written, others are refused, and a comparison begins with them."""

from __future__ import annotations

import io
import json
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import InputError, OptionError
from pipeline.fitting import Scratch
from pipeline.stage import Part
from stages import dedup_index
from stages.dedup_priority import Priority

SETTINGS = {"seed": 0, "shingle_words": 5, "unicode": "15.1.0"}
ROWS = 4


@pytest.fixture(autouse=True, scope="module")
def small_batches():
    """Files of a few documents then have many batches, and are several shards."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(dedup_index, "BATCH_ROWS", ROWS)
        patched.setattr(dedup_index, "SHARD_BATCHES", 2)
        yield


def made_up(n: int, n_values: int = 3, seed: int = 0) -> dict[str, np.ndarray]:
    drawn = np.random.default_rng(seed)
    return {
        "uid": drawn.integers(1, 2**64, (n, 2), np.uint64),
        "minima": drawn.integers(0, 3, (n, n_values), np.uint32),
    }


def written(path, columns, cuts=(), settings=SETTINGS, n_values=3):
    """An index of these documents, given in pieces that end at `cuts`; its path."""
    ends = [0, *sorted(cuts), len(columns["uid"])]
    pieces = ({name: values[a:b] for name, values in columns.items()} for a, b in pairwise(ends))
    with open(path, "wb") as file:
        assert dedup_index.write_index(file, "document", settings, n_values, pieces) == len(columns["uid"])
    return str(path)


def opened(path, settings=SETTINGS, n_values=3, level="document"):
    return dedup_index.open_indexes([path], "dedup_document", level, settings, n_values)


class Known(dedup_index.IndexedClustering):
    """A stage that knows of indexes, whose documents have their first minimum for a key."""

    name, level, index, n_values = "dedup_document", "document", False, 3
    priority = Priority("first", "", "")

    def __init__(self, *paths):
        self.against = paths

    def settings(self):
        return SETTINGS

    def keyed(self, values):
        keys = values[:, 0].astype(np.uint64)
        return keys, np.arange(len(keys)), {"odd": keys % np.uint64(2)}


def rows_of(path):
    """All documents of an index, read shard by shard, as records."""
    stage, bench = Known(path), OneBench("nowhere", 1, n_items=2)
    names = ["uid", "minima", "merit", "kind", "side"]
    shards = range(1, len(stage.shards(bench).names))
    pieces = [piece for shard in shards for piece in stage.records(bench, shard, names)]
    return {name: np.concatenate([piece[name] for piece in pieces]) for name in pieces[0]} if pieces else {}


class OneBench(Scratch):
    """A bench with one shard of documents, whose keys are given."""

    shards, sources = ("web-0",), ("web",)

    def __init__(self, folder, n_partitions, keys=(), items=(), n_items=0):
        super().__init__(str(folder))
        self.n_partitions, self.firsts = n_partitions, np.array([0, n_items])
        self.keys, self.items = np.array(keys, np.uint64), np.array(items, np.int64)

    def part(self, number):
        here = np.flatnonzero(self.keys % np.uint64(self.n_partitions) == number)
        order = here[np.lexsort((self.items[here], self.keys[here]))]
        return Part(self.keys[order], self.items[order], {"odd": self.keys[order] % np.uint64(2)})


@pytest.mark.parametrize("n", [0, 1, ROWS - 1, ROWS, ROWS + 1, 2 * ROWS, 2 * ROWS + 1, 5 * ROWS])
def test_an_index_comes_back(tmp_path, n):
    columns = made_up(n)
    cuts = np.random.default_rng(n).integers(0, n + 1, 3).tolist()
    path = written(tmp_path / "a.arrow", columns, cuts)
    assert [one.n for one in opened(path)] == [n]
    found = rows_of(path)
    assert n == 0 or all((found[name] == values).all() for name, values in columns.items())
    assert n == 0 or {*found["merit"].tolist()} == {-(2**63)}
    again = written(tmp_path / "b.arrow", columns, [])
    assert (tmp_path / "b.arrow").read_bytes() == (tmp_path / "a.arrow").read_bytes()
    assert dedup_index.hash_of(again) == dedup_index.hash_of(path)


def test_anyone_reads_an_index(tmp_path):
    columns = made_up(5)
    table = pa.ipc.open_file(written(tmp_path / "a.arrow", columns)).read_all()
    assert table["uid"].to_pylist() == [f"{high:016x}{low:016x}" for high, low in columns["uid"].tolist()]
    assert table["minima"].to_pylist() == columns["minima"].tolist()
    about = json.loads(table.schema.metadata[b"corpusmill.index"])
    assert about.items() >= {**SETTINGS, "format": 2, "level": "document"}.items()


@pytest.mark.parametrize(
    ("settings", "n_values", "level", "message"),
    [
        ({**SETTINGS, "seed": 7}, 3, "document", "was made with seed 0, and this stage has seed 7: they cannot"),
        (
            {**SETTINGS, "seed": 7, "shingle_words": 4},
            3,
            "document",
            "with seed 0, shingle_words 5, and .* seed 7, shi",
        ),
        ({**SETTINGS, "unicode": "16.0.0"}, 3, "document", r"unicode 15\.1\.0, and this stage has unicode 16\.0\.0"),
        (SETTINGS, 2, "exact", "level document, and this stage has level exact"),
        ({**SETTINGS, "by": "text"}, 3, "document", "was made with by None, and this stage has by text"),
    ],
)
def test_other_settings_are_named_with_both_values(tmp_path, settings, n_values, level, message):
    path = written(tmp_path / "a.arrow", made_up(5))
    with pytest.raises(OptionError, match=message) as caught:
        opened(path, settings, n_values, level)
    assert caught.value.key == "against"
    assert path in str(caught.value)


def arrow(columns, metadata=None):
    """The bytes of an Arrow file of one batch."""
    batch = pa.record_batch(columns)
    out = io.BytesIO()
    with pa.ipc.new_file(out, batch.schema.with_metadata(metadata)) as writer:
        writer.write_batch(batch)
    return out.getvalue()


ABOUT = {b"corpusmill.index": json.dumps({"format": 2, "level": "document", **SETTINGS})}
UIDS = pa.array(["0" * 31 + "1", "文" * 32])
MINIMA = pa.array([[1, 2, 3], [4, 5, 6]], pa.list_(pa.uint32(), 3))
FOREIGN = {
    "empty": b"",
    "text": "一本书的正文。".encode() * 100,
    "cut": arrow({"uid": UIDS, "minima": MINIMA}, ABOUT)[:-30],
    "of others": arrow({"uid": UIDS, "minima": MINIMA}),
    "no settings": arrow({"uid": UIDS, "minima": MINIMA}, {b"corpusmill.index": "{"}),
    "deep": arrow({"uid": UIDS, "minima": MINIMA}, {b"corpusmill.index": "[" * 100_000}),
    "a list": arrow({"uid": UIDS, "minima": MINIMA}, {b"corpusmill.index": "[1]"}),
    "other columns": arrow({"uid": UIDS, "text": UIDS}, ABOUT),
    "other width": arrow({"uid": UIDS, "minima": MINIMA.flatten().view(pa.uint32())[:2]}, ABOUT),
}


@pytest.mark.parametrize("what", FOREIGN)
def test_what_is_no_index_is_refused(tmp_path, what):
    path = tmp_path / "a.arrow"
    path.write_bytes(FOREIGN[what])
    with pytest.raises(InputError, match=r"a\.arrow"):
        opened(str(path))


@pytest.mark.parametrize(
    ("uid", "minima"),
    [
        (["0" * 32, "文" * 32], [[1, 2, 3], [4, 5, 6]]),
        (["0" * 32, "0" * 31], [[1, 2, 3], [4, 5, 6]]),
        (["0" * 32, " " * 32], [[1, 2, 3], [4, 5, 6]]),
        (["0" * 32, None], [[1, 2, 3], [4, 5, 6]]),
        (["0" * 32, "1" * 32], [[1, 2, 3], None]),
        (["0" * 32, "1" * 32], [[1, 2, 3], [4, None, 6]]),
    ],
)
def test_damaged_rows_are_refused_where_they_are_read(tmp_path, uid, minima):
    path = tmp_path / "a.arrow"
    path.write_bytes(arrow({"uid": pa.array(uid), "minima": pa.array(minima, pa.list_(pa.uint32(), 3))}, ABOUT))
    with pytest.raises(InputError, match=r"dedup_document option 'against': .*a\.arrow is damaged"):
        rows_of(str(path))


@pytest.mark.parametrize("what", ["uid", "minima"])
def test_a_changed_bit_is_found_and_told_with_its_stage(tmp_path, what):
    """The value stays a possible one, so that only the checksum tells."""
    columns = made_up(2 * ROWS)
    path = written(tmp_path / "a.arrow", columns)
    content = bytearray((tmp_path / "a.arrow").read_bytes())
    last = f"{columns['uid'][-1][0]:016x}".encode() if what == "uid" else columns["minima"][-1].tobytes()
    place = content.rindex(last) + len(last) - 1
    content[place] = ord("1") + (content[place] == ord("1")) if what == "uid" else content[place] ^ 1
    (tmp_path / "a.arrow").write_bytes(content)
    opened(path)
    with pytest.raises(InputError, match=r"dedup_document option 'against': .*a\.arrow is damaged: its batch 1 is not"):
        rows_of(path)


def test_batches_in_another_order_are_refused(tmp_path):
    path = written(tmp_path / "a.arrow", made_up(2 * ROWS))
    with pa.ipc.open_file(pa.OSFile(path, "rb")) as reader:
        batches = [reader.get_batch_with_custom_metadata(number) for number in (1, 0)]
        with pa.ipc.new_file(str(tmp_path / "b.arrow"), reader.schema) as writer:
            for batch, about in batches:
                writer.write_batch(batch, about)
    with pytest.raises(InputError, match=r"b\.arrow is damaged: its batch 0 is not as it was written"):
        rows_of(str(tmp_path / "b.arrow"))


def test_a_batch_that_is_not_full_is_refused(tmp_path):
    path = tmp_path / "a.arrow"
    batch = pa.record_batch({"uid": ["0" * 32], "minima": pa.array([[1, 2, 3]], pa.list_(pa.uint32(), 3))})
    with pa.ipc.new_file(str(path), batch.schema.with_metadata(ABOUT)) as writer:
        writer.write_batch(batch)
        writer.write_batch(batch)
    with pytest.raises(InputError, match="damaged"):
        rows_of(str(path))


def test_an_index_that_is_not_there_is_named(tmp_path):
    for use in (opened, dedup_index.hash_of):
        with pytest.raises(InputError, match=r"nowhere\.arrow"):
            use(str(tmp_path / "nowhere.arrow"))


@given(st.lists(st.integers(0, 6), max_size=20), st.lists(st.integers(0, 6), max_size=20), st.integers(1, 3))
def test_keys_of_indexes_meet_those_of_documents(tmp_path_factory, indexed, keys, n_partitions):
    folder = tmp_path_factory.mktemp("bench")
    cut = len(indexed) // 3
    paths = []
    for number, own in enumerate((indexed[:cut], indexed[cut:])):
        values = np.array(own, np.uint32)[:, None].repeat(3, axis=1)
        columns = {"uid": np.ones((len(own), 2), np.uint64), "minima": values}
        paths.append(written(folder / f"{number}.arrow", columns))
    stage, bench = Known(*paths), OneBench(folder, n_partitions, keys, range(len(keys)), len(keys))
    shards = stage.shards(bench)
    n = len(keys) + len(indexed)
    assert shards.firsts[:2].tolist() == [0, len(keys)]
    assert shards.firsts[-1] == n
    assert shards.n_own == 1
    for shard in range(1, len(shards.names)):
        stage.spill_index(bench, str(shard))
    merits = stage.merits(bench)
    assert len(merits) == (n if indexed else 0)
    assert not indexed or ((merits < 0) == (np.arange(n) >= len(keys))).all()
    planted = list(zip([*keys, *indexed], range(n), strict=True))
    for number in range(n_partitions):
        part = stage.part(bench, number)
        expected = sorted(pair for pair in planted if pair[0] % n_partitions == number)
        assert list(zip(part.keys.tolist(), part.items.tolist(), strict=True)) == expected
        assert part.payload["odd"].tolist() == [key % 2 for key, _ in expected]
        assert not indexed or (part.payload["merit"] == merits[part.items]).all()
