"""What a classifier is trained and measured on: a hashed sample, its near copies found, its sides balanced.

Letters: N documents of a batch, K documents of the sample, B bands. A kind is POSITIVE or CANDIDATE.
"""

from __future__ import annotations

import heapq
import itertools
from collections import Counter
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipeline.batch import Batch, utf8_buffers

from .classifier_text import pieces, prepared
from .dedup_pairs import runs
from .split import draw

POSITIVE, CANDIDATE = 0, 1
NAME = "classifier_model"
N_BANDS, N_ROWS, SHINGLE_WORDS, SHINGLE_CHARS = 20, 5, 5, 8
"""As in `split`: a pair of near copies that is missed costs more than one that is found in vain."""
MAX_CLUSTER = 100
"""Larger clusters are trained on: as a whole, one would be most of what is held out."""

Group = tuple[str, int]
"""A language and a kind."""


class Document(NamedTuple):
    """One of the sample: key, uid; text to judge and pieces to learn from (see `classifier_text`); bands uint64[B]."""

    key: int
    uid: str
    text: bytes
    pieces: list[bytes]
    bands: npt.NDArray[np.uint64]

    @property
    def n_bytes(self) -> int:
        return len(self.text) + sum(len(piece) for piece in self.pieces if piece is not self.text)


class Pool:
    """The documents of the lowest keys, up to a number and up to a budget of bytes, whatever order they come in."""

    def __init__(self, most: int, budget: int) -> None:
        self.most, self.budget, self.n_bytes = most, budget, 0
        self._heap: list[tuple[int, str, Document]] = []  # keys negative, so that the highest comes first

    def takes(self, key: int) -> bool:
        """Whether a document with this key belongs here, as far as is known."""
        is_full = len(self._heap) >= self.most or self.n_bytes >= self.budget
        return not is_full or key <= -self._heap[0][0]

    def add(self, document: Document) -> None:
        """Take a document in, and let go of those that there is then no room for."""
        heapq.heappush(self._heap, (-document.key, document.uid, document))
        self.n_bytes += document.n_bytes
        while len(self._heap) > self.most or self.n_bytes - self._heap[0][2].n_bytes >= self.budget:
            self.n_bytes -= heapq.heappop(self._heap)[2].n_bytes

    def documents(self) -> list[Document]:
        """By key."""
        return [document for _, _, document in sorted(self._heap, key=lambda entry: (-entry[0], entry[1]))]


class Sample:
    """Documents of each language and kind, and how many there were."""

    def __init__(self, seed: int, most: int, budget: int) -> None:
        self._seed, self._most, self._budget = seed, most, budget
        self._pools: dict[Group, Pool] = {}
        self.n_found: Counter[Group] = Counter()

    def add(self, batch: Batch, groups: list[Group | None]) -> None:
        """Take in what belongs here of a batch; groups: of each document, None where it is of neither kind."""
        rows, keys = [], []
        for row, (uid, group) in enumerate(zip(batch.column("uid").to_pylist(), groups, strict=True)):
            if group is None:
                continue
            self.n_found[group] += 1
            key = draw(self._seed, NAME, uid)
            if self._pools.setdefault(group, Pool(self._most, self._budget)).takes(key):
                rows.append(row)
                keys.append(key)
        chosen = batch.record_batch.select(["uid", "text"]).take(pa.array(rows, pa.int64()))
        for row, document in zip(rows, documents(chosen, keys), strict=True):
            group = groups[row]
            if document.pieces and group is not None:
                self._pools[group].add(document)

    def documents(self, group: Group) -> list[Document]:
        """Those of a language and kind, by key."""
        return self._pools[group].documents() if group in self._pools else []

    @property
    def languages(self) -> list[str]:
        return sorted({language for language, _ in self.n_found})


def documents(rows: pa.RecordBatch, keys: list[int]) -> Iterable[Document]:
    """Make documents of rows with a uid and a text; those without a word have no pieces."""
    from .kernels import minhash

    data, offsets = utf8_buffers(rows.column("text"))
    minima, _, _ = minhash.signatures(data, offsets, N_BANDS * N_ROWS, SHINGLE_WORDS, SHINGLE_CHARS, 0)
    plain, bounds = prepared(data, offsets)
    whole, ends = plain.tobytes(), bounds.tolist()
    texts = [whole[a:b] for a, b in itertools.pairwise(ends)]
    bands = minhash.band_keys(minima, N_BANDS)
    parts = [[text] if [text] == found else found for text, found in zip(texts, pieces(data, offsets), strict=True)]
    return map(Document, keys, rows.column("uid").to_pylist(), texts, parts, bands)


class Chosen(NamedTuple):
    """What one language has to train on and to measure by: documents by kind."""

    training: tuple[list[Document], list[Document]]
    held_out: tuple[list[Document], list[Document]]
    n_near_copies: int

    def size(self, kind: int) -> int:
        return len(self.training[kind]) + len(self.held_out[kind])


def choose(sample: Sample, held_out_frac: float, seed: int) -> dict[str, Chosen]:
    """Each language's documents by side and kind.

    Near copies are on one side, drawn by a hash of the first uid of their cluster; a candidate that shares a band with
    a positive of any language is left out.
    """
    groups = [(language, kind) for language in sample.languages for kind in (POSITIVE, CANDIDATE)]
    found = sorted(((one, group) for group in groups for one in sample.documents(group)), key=lambda pair: pair[0].uid)
    keys = np.array([one.bands for one, _ in found], np.uint64).reshape(-1, N_BANDS)
    is_positive = np.array([kind == POSITIVE for _, (_, kind) in found], bool)
    is_copy = ~is_positive & np.isin(keys, keys[is_positive]).any(axis=1)
    roots = clusters(keys)
    sizes = np.bincount(roots, minlength=len(roots))
    limit = int(held_out_frac * 2**64)
    made = {language: Chosen(([], []), ([], []), 0) for language in sample.languages}
    for (one, (language, kind)), root, copied in zip(found, roots.tolist(), is_copy.tolist(), strict=True):
        chosen = made[language]
        if copied:
            made[language] = chosen._replace(n_near_copies=chosen.n_near_copies + 1)
            continue
        is_held_out = sizes[root] <= MAX_CLUSTER and draw(seed, f"{NAME} side", found[root][0].uid) < limit
        (chosen.held_out if is_held_out else chosen.training)[kind].append(one)
    for chosen in made.values():
        for one_kind in (*chosen.training, *chosen.held_out):
            one_kind.sort(key=lambda one: (one.key, one.uid))
    return made


def clusters(keys: npt.NDArray[np.uint64]) -> Any:
    """The first document of each one's cluster, int64[K]; those that share a key, uint64[K, B], belong together."""
    from .kernels import unionfind

    flat = keys.ravel()
    order = np.argsort(flat, kind="stable")  # so that documents of one key stand in their order
    owners = np.repeat(np.arange(len(keys)), keys.shape[1])[order]
    numbers = runs(flat[order])
    firsts = owners[np.flatnonzero(np.diff(numbers, prepend=-1))]
    return unionfind.roots(firsts[numbers], owners, len(keys))


def balanced(documents: tuple[list[Document], list[Document]]) -> tuple[list[list[bytes]], list[int]]:
    """Pieces to learn from of each kind, as many of one as of the other, and of how many documents they are.

    The pieces are those of the first documents, so that of the kind with the longer documents many give none.
    """
    owned = [[(number, piece) for number, one in enumerate(kind) for piece in one.pieces] for kind in documents]
    n_pieces = min(map(len, owned))
    chosen = [kind[:n_pieces] for kind in owned]
    return [[piece for _, piece in kind] for kind in chosen], [kind[-1][0] + 1 for kind in chosen]
