"""What the rounds of `ngram_model` do with a language: words, counts, estimates and tables, by way of a bench.

Letters: T tokens, L lines, V ids, P partitions of n-grams, R ranges of keys. Files of a bench are named by what they
hold, the language, and the shard or the partition.
"""

from __future__ import annotations

import contextlib
import json
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, BinaryIO, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipeline.batch import Batch, utf8_buffers
from pipeline.errors import InputError
from pipeline.stage import Bench, Spill

from . import ngram_counts, ngram_estimate, ngram_words
from .ngram_counts import Counts
from .ngram_file import Writer
from .ngram_pieces import PIECES, Pieces

BLOCK_BYTES = 4_000_000
"""Text that is cut into tokens at a time."""
CHUNK_TOKENS = 4_000_000
"""Tokens whose n-grams are counted at a time, at some 36 bytes each."""
PARTITION_BYTES = 8_000_000
"""Text per partition of n-grams; one partition is in memory at a time. All n-grams whose last token but one is the most
frequent are in one: some 5 % of all, in English and in Chinese."""
RANGE_NGRAMS = 2_000_000
"""N-grams per range of keys; one range is in memory at a time."""
NGRAMS, CONTEXTS = "ngrams", "contexts"

Array = npt.NDArray[Any]


class Cutter:
    """Cuts lines into tokens of a kind. tokenizer: the content of a `tokenizer.json`, for pieces."""

    def __init__(self, kind: str, tokenizer: bytes = b"") -> None:
        self.kind = kind
        self._pieces = Pieces(tokenizer) if kind == PIECES else None

    def lines(self, batch: Batch, rows: Array) -> Iterator[tuple[Array, Array, Any]]:
        """Some rows' lines, about BLOCK_BYTES at a time: hashes uint64[T], firsts int64[L+1], and where tokens lie."""
        from .kernels.windows import line_spans

        data, offsets = utf8_buffers(batch.column("text").take(pa.array(rows)))
        starts, stops, _ = line_spans(data, offsets, 1)
        ends = np.cumsum(stops - starts)
        borders = (
            np.searchsorted(ends, np.arange(BLOCK_BYTES, int(ends[-1]) + BLOCK_BYTES, BLOCK_BYTES)) if len(ends) else []
        )
        first = 0
        for border in borders:
            last = min(int(border) + 1, len(starts))
            if last > first:
                yield self._cut(data, starts[first:last], stops[first:last])
            first = max(first, last)

    def _cut(self, data: Any, starts: Array, stops: Array) -> tuple[Array, Array, Any]:
        if self._pieces is not None:
            ids, firsts = self._pieces.ids(data, starts, stops)
            return self._pieces.hashes[ids], firsts, ids
        from .kernels.ngram_tokens import token_hashes

        hashes, token_starts, token_stops, firsts = token_hashes(data, starts, stops, self.kind)
        return hashes, firsts, (data, token_starts, token_stops)

    def written(self, places: Any, chosen: Array) -> list[bytes]:
        """The written form of chosen tokens; places: as `lines` gave them."""
        if self._pieces is not None:
            return [self._pieces.written[number] for number in places[chosen].tolist()]
        from .kernels.ngram_tokens import written

        data, starts, stops = places
        return written(data, starts[chosen], stops[chosen], self.kind)


def save(bench: Bench, name: str, **arrays: Array) -> None:
    """Write arrays to a file."""
    with bench.write(name) as file:
        np.savez(file, **arrays)


def load(bench: Bench, name: str) -> dict[str, Array]:
    """The arrays of a file. Raises InputError if it is damaged."""
    with bench.read(name) as file, reading(file, name), np.load(file, allow_pickle=False) as found:
        return dict(found)


def load_json(bench: Bench, name: str) -> Any:
    """The JSON of a file. Raises InputError if it is damaged."""
    with bench.read(name) as file, reading(file, name):
        return json.load(file)


@contextlib.contextmanager
def reading(file: BinaryIO, name: str) -> Iterator[None]:
    """Raises InputError where a file cannot be what was written; numpy would advise to trust it."""
    try:
        yield
    except (ValueError, EOFError, OSError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        where = getattr(file, "name", name)
        raise InputError(f"{where} is damaged: delete its run's work/ folder and run again") from error


class WordCounter:
    """Counts the words of one language in one shard."""

    def __init__(self, cutter: Cutter) -> None:
        self._cutter, self._parts = cutter, list[ngram_words.Words]()
        self.documents = self.bytes = self.lines = self.n_tokens = 0

    def add(self, batch: Batch, rows: Array) -> None:
        """Take in some rows."""
        self.documents += len(rows)
        self.bytes += int(np.diff(batch.utf8()[1])[rows].sum())
        for hashes, firsts, places in self._cutter.lines(batch, rows):
            found, counts, chosen = ngram_words.tally(hashes)
            self._parts.append(ngram_words.words(found, counts, self._cutter.written(places, chosen)))
            self.lines += int(np.count_nonzero(np.diff(firsts)))
            self.n_tokens += len(hashes)
        if len(self._parts) > 16:
            self._parts = [ngram_words.merge(self._parts)]

    @property
    def facts(self) -> dict[str, int]:
        """What was read. n_tokens: without the ends of lines."""
        return {name: getattr(self, name) for name in ("documents", "bytes", "lines", "n_tokens")}

    def save(self, bench: Bench, name: str) -> None:
        """Write what was counted."""
        save(bench, name, **ngram_words.merge(self._parts)._asdict())


def write_vocabulary(bench: Bench, name: str, counted: Iterable[str], min_count: int, max_words: int) -> None:
    """Number the words that were counted in all shards, and write them with their hashes."""
    words = ngram_words.merge(ngram_words.Words(**load(bench, one)) for one in counted)
    found = ngram_words.vocabulary(words, min_count, max_words)
    offsets = np.cumsum([0, *map(len, found.words)])
    save(bench, name, hashes=found.hashes, data=np.frombuffer(b"".join(found.words), np.uint8), offsets=offsets)


def with_documents(names: Sequence[str], shards: list[list[dict[str, int]]]) -> list[list[str]]:
    """The names of the shards that have documents of each language, by its number. shards: facts as `summed` takes."""
    return [
        [name for name, one in zip(names, of_language, strict=True) if one["documents"]]
        for of_language in zip(*shards, strict=True)
    ]


def summed(shards: list[list[dict[str, int]]]) -> list[dict[str, int]]:
    """The facts of each language, by its number, added up over shards."""
    return [
        {name: sum(one[name] for one in of_language) for name in of_language[0]}
        for of_language in zip(*shards, strict=True)
    ]


class NgramCounter:
    """Counts the n-grams of one language in one shard, into a spill."""

    def __init__(self, cutter: Cutter, hashes: Array, order: int, spill: Spill, partitions: int) -> None:
        self._cutter, self._order, self._spill, self._partitions = cutter, order, spill, partitions
        self._slots = ngram_words.table(hashes)
        self._ids: list[Array] = []
        self._lengths: list[Array] = []
        self._n_waiting = 0

    def add(self, batch: Batch, rows: Array) -> None:
        """Take in some rows."""
        for hashes, firsts, _ in self._cutter.lines(batch, rows):
            self._ids.append(ngram_words.ids(hashes, self._slots))
            self._lengths.append(np.diff(firsts))
            self._n_waiting += len(hashes)
            if self._n_waiting >= CHUNK_TOKENS:
                self.flush()

    def flush(self) -> None:
        """Count what waits."""
        if not self._n_waiting:
            return
        lengths = np.concatenate(self._lengths)
        firsts = np.append(0, np.cumsum(lengths[lengths > 0]))
        ids = np.concatenate(self._ids)
        self._ids, self._lengths, self._n_waiting = [], [], 0
        found, borders = ngram_counts.count(ids, firsts, self._order, self._partitions)
        self._spill.add(found._asdict(), borders)


def merged(bench: Bench, names: Iterable[str], partition: int) -> Counts:
    """One partition of the spills of all shards."""
    return ngram_counts.merge(
        Counts(**chunk) for chunk in bench.partition(names, partition) if len(chunk.get("hi", ()))
    )


def save_statistics(bench: Bench, name: str, found: dict[str, Array]) -> None:
    """Write the statistics of a partition; of most tokens it knows nothing."""
    used = np.flatnonzero(found["before"] | found["occurrences"])
    sparse = {key: found[key][used] for key in ("before", "occurrences")}
    save(bench, name, tokens=used, n=np.array(len(found["before"])), **{**found, **sparse})


def total_statistics(bench: Bench, names: Iterable[str]) -> dict[str, Array]:
    """The sum of the statistics of all partitions."""
    total: dict[str, Array] = {}
    for name in names:
        found = load(bench, name)
        used, n = found.pop("tokens"), int(found.pop("n"))
        for key in ("before", "occurrences"):
            dense = np.zeros(n, np.int64)
            dense[used] = found[key]
            found[key] = dense
        total = {key: total[key] + found[key] if total else found[key] for key in found}
    return total


def ranges_of(n_ngrams: int) -> int:
    """R: into how many ranges the keys of so many n-grams are divided."""
    return 1 + n_ngrams // RANGE_NGRAMS


def spill_estimates(
    bench: Bench, end: str, blocks: Iterable[ngram_estimate.Block], hashes: Array, ranges: Sequence[int]
) -> None:
    """Write the estimates of one partition by range of keys: n-grams and contexts of each length in their own spills.

    end: of the names of the spills; hashes uint64[V]; ranges: R for each length.
    """
    from .kernels.ngram_tokens import keys

    with contextlib.ExitStack() as files:
        spills = {
            (kind, n): files.enter_context(bench.spill(f"{kind}-{n}-{end}", n_ranges))
            for n, n_ranges in enumerate(ranges, 1)
            for kind in (NGRAMS, CONTEXTS)
            if (n > 1 if kind == NGRAMS else n < len(ranges))
        }
        for block in blocks:
            n = block.ids.shape[1]
            found = keys(hashes, block.ids)
            order = np.argsort(found)
            columns = {"key": found[order], "log": block.logs[order]}
            if not block.are_contexts:
                columns |= {f"id{place}": np.ascontiguousarray(block.ids[order, place]) for place in range(n)}
            number = (columns["key"] >> np.uint64(32)) * np.uint64(ranges[n - 1]) >> np.uint64(32)
            borders = np.searchsorted(number, np.arange(ranges[n - 1] + 1).astype(np.uint64))
            spills[CONTEXTS if block.are_contexts else NGRAMS, n].add(columns, borders)


class Estimates(NamedTuple):
    """What the tables of a language are made of.

    number: the language's; n_ngrams: of each length; unigrams float32[V]: log10; hashes uint64[V].
    """

    number: int
    partitions: int
    n_ngrams: Sequence[int]
    unigrams: Array
    hashes: Array
    unseen: float


def write_tables(bench: Bench, writer: Writer, found: Estimates) -> None:
    """Join the probabilities of n-grams with the back-offs of the contexts that they are, and write all tables."""
    ids = np.arange(len(found.hashes), dtype=np.int32)[:, None]
    order = np.argsort(found.hashes)
    backoffs = _backoffs(_columns(bench, found, CONTEXTS, 1, None), found.hashes[order], found.unseen)
    with writer.table(1, len(ids)) as table:
        table.add(found.hashes[order], ids[order], found.unigrams[order], backoffs)
    for n in range(2, len(found.n_ngrams) + 1):
        with writer.table(n, found.n_ngrams[n - 1]) as table:
            for number in range(ranges_of(found.n_ngrams[n - 1])):
                _add_range(bench, table, found, n, number)


def _add_range(bench: Bench, table: Any, found: Estimates, n: int, number: int) -> None:
    columns = _columns(bench, found, NGRAMS, n, number)
    if not columns:
        return
    order = np.argsort(columns["key"])
    keys = columns["key"][order]
    ids = np.stack([columns[f"id{place}"][order] for place in range(n)], axis=1)
    contexts = _columns(bench, found, CONTEXTS, n, number) if n < len(found.n_ngrams) else {}
    table.add(keys, ids, columns["log"][order], _backoffs(contexts, keys, found.unseen))


def _columns(bench: Bench, found: Estimates, kind: str, n: int, number: int | None) -> dict[str, Array]:
    """One range of keys, or all, of the spills of all partitions; nothing if there are no rows."""
    names = [f"{kind}-{n}-{found.number}-{partition}" for partition in range(found.partitions)]
    numbers = range(ranges_of(found.n_ngrams[n - 1])) if number is None else [number]
    chunks = [chunk for one in numbers for chunk in bench.partition(names, one) if len(chunk.get("key", ()))]
    return {name: np.concatenate([chunk[name] for chunk in chunks]) for name in chunks[0]} if chunks else {}


def _backoffs(contexts: dict[str, Array], keys: Array, unseen: float) -> Array:
    """The back-off of each n-gram by its key, float32; `unseen` for those that are no context. keys: ascending.

    Those of one key have the lowest of theirs, so that the order in which contexts come changes nothing.
    """
    found = np.full(len(keys), unseen, np.float32)
    if contexts:
        places = np.searchsorted(keys, contexts["key"])
        assert (keys[np.minimum(places, len(keys) - 1)] == contexts["key"]).all(), "a context is no n-gram"
        found[places] = contexts["log"]
        np.minimum.at(found, places, contexts["log"])
    return np.asarray(found[np.searchsorted(keys, keys)])
