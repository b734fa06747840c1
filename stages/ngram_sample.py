"""Which documents a language model is learned from, and which it is measured by.

Letters: N documents of a batch, B bins. Documents are taken in the order of a hash of seed and uid, whatever order they
come in, up to a budget. Which are held out goes by a hash of seed and text, so that no copy of one is learned from; of
near copies, some may be learned from and others measured, unless a stage removed them before. A survey of the shards
adds up, in bins of the hash, what there is; bins are as fine as 1/64 of the hash, so that a budget is met within 2 %,
be it all of the corpus or a millionth of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.batch import Batch
from pipeline.errors import shortened

from .split import draw

NAME = "ngram_model"
MB = 1_000_000
TRAIN, HELD_OUT, OTHER = "train", "held_out", "other"
"""Roles: learned from; of the same sources and not learned from; of the sources that bounds are taken from."""
DOCUMENTS, BYTES = 0, 1
ALL = "all"
"""What a language is called where languages are not told apart."""
KEY_SHIFT = 46
"""Of a key as a 64-bit float, the exponent and six bits of the fraction make the bin."""

Int64s = npt.NDArray[np.int64]
Group = tuple[str, str]
"""A language and a role."""
Entries = dict[int, list[int]]
"""bin -> [documents, bytes]"""


def are_useful(batch: Batch) -> npt.NDArray[np.bool_]:
    """Which documents have a visible character, and thus a token, bool[N]."""
    from .kernels.ngram_tokens import have_tokens

    return np.asarray(have_tokens(*batch.utf8()), np.bool_)


def bins_of(batch: Batch, seed: int) -> Int64s:
    """The bin of each document, int64[N]; they are taken in ascending order."""
    keys = [draw(seed, NAME, uid) for uid in batch.column("uid").to_pylist()]
    return np.array(keys, np.float64).view(np.int64) >> KEY_SHIFT


def roles_of(batch: Batch, learned: Iterable[str], others: Iterable[str], held_out_frac: float, seed: int) -> list[str]:
    """The role of each document; empty: none. learned: sources, empty: all but the others; others: empty: the rest."""
    from .kernels.hashing import hash_documents

    learned, others, limit = set(learned), set(others), int(held_out_frac * 2**64)
    hashes = hash_documents(*batch.utf8(), 0).tolist()
    roles = []
    for text_hash, source in zip(hashes, batch.column("source").to_pylist(), strict=True):
        if source in learned or (not learned and source not in others):
            roles.append(HELD_OUT if draw(seed, f"{NAME} held out", f"{text_hash:016x}") < limit else TRAIN)
        else:
            roles.append(OTHER if source in others or not others else "")
    return roles


class Survey:
    """What there is of each language and role: documents and bytes by bin, and from which sources."""

    def __init__(self) -> None:
        self.entries: dict[Group, Entries] = {}
        self.sources: dict[Group, set[str]] = {}

    def add(self, groups: list[Group], bins: Int64s, batch: Batch) -> None:
        """Count the documents of a batch that have a role. groups, bins: of each document."""
        sizes, sources = np.diff(batch.utf8()[1]).tolist(), batch.column("source").to_pylist()
        for group, bin, size, source in zip(groups, bins.tolist(), sizes, sources, strict=True):
            if group[1]:
                self._count(group, bin, 1, size)
                self.sources[group].add(source)

    def _count(self, group: Group, bin: int, n_documents: int, n_bytes: int) -> None:
        self.sources.setdefault(group, set())
        entry = self.entries.setdefault(group, {}).setdefault(bin, [0, 0])
        entry[DOCUMENTS] += n_documents
        entry[BYTES] += n_bytes

    def merge(self, found: list[Any]) -> None:
        """Add another shard's, as `to_json` has it."""
        for language, role, sources, entries in found:
            for bin, n_documents, n_bytes in entries:
                self._count((language, role), bin, n_documents, n_bytes)
            self.sources[language, role] |= set(sources)

    def to_json(self) -> list[Any]:
        """What `merge` takes."""
        return [
            [*group, sorted(self.sources[group]), [[bin, *entry] for bin, entry in sorted(entries.items())]]
            for group, entries in self.entries.items()
        ]

    def totals(self, group: Group, limit: int | None = None) -> tuple[int, int]:
        """Documents and bytes of a group, in the bins below a limit or in all."""
        chosen = [entry for bin, entry in self.entries.get(group, {}).items() if limit is None or bin < limit]
        return sum(entry[DOCUMENTS] for entry in chosen), sum(entry[BYTES] for entry in chosen)

    def limit(self, group: Group, unit: int, budget: int) -> int:
        """The bin before which all documents are taken, so that they have at most `budget` of a unit or are one bin."""
        taken, entries = 0, sorted(self.entries.get(group, {}).items())
        for place, (bin, entry) in enumerate(entries):
            taken += entry[unit]
            if taken > budget and place:
                return bin
        return entries[-1][0] + 1 if entries else 0

    @property
    def languages(self) -> list[str]:
        return sorted({language for language, _ in self.entries})


def chosen(groups: list[Group], bins: Int64s, limits: Mapping[str, Mapping[str, int]]) -> dict[Group, Int64s]:
    """The rows of each group that are taken, int64[M] ascending. limits: language -> role -> bin."""
    rows: dict[Group, list[int]] = {}
    for row, ((language, role), bin) in enumerate(zip(groups, bins.tolist(), strict=True)):
        if bin < limits.get(language, {}).get(role, 0):
            rows.setdefault((language, role), []).append(row)
    return {group: np.array(found, np.int64) for group, found in sorted(rows.items())}


def why_none(unserved: Mapping[str, Mapping[str, Any]], min_mb: float, min_bounds_documents: int) -> str:
    """What there was, of the languages with most to learn from. unserved: as the facts of `ngram_model` have it."""
    ranked = sorted(unserved.items(), key=lambda item: -item[1]["bytes"])
    told = [
        f"{shortened(repr(language), 40)}: {one['bytes'] / MB:.3g} MB to learn from and {one['bounds_documents']}"
        f" documents for bounds, {one['why']}"
        for language, one in ranked[:5]
    ]
    return (
        f"ngram_model can serve no language: each needs {min_mb:g} MB of text to learn from ('min_mb') and"
        f" {min_bounds_documents} other documents for bounds ('min_bounds_documents'); there were"
        f" {'; '.join(told) or 'none at all'}"
    )
