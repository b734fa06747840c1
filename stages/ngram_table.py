"""A table of n-grams of one length in the file of a language model, written from front to back (see `ngram_file`).

Letters: n the length of n-grams, M n-grams.
"""

from __future__ import annotations

import shutil
import tempfile
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pipeline.errors import InputError

if TYPE_CHECKING:
    from .ngram_file import Writer

SLOT_BYTES = 16
MAX_SHIFT = 4096
"""Slots that an n-gram may stand behind its place; among five million n-grams the furthest stood 23 behind."""
CHUNK = 1_000_000
"""n-grams that are written at a time."""
LOAD = 0.7
"""n-grams per bucket, at most."""

Int32s = npt.NDArray[np.int32]
Uint64s = npt.NDArray[np.uint64]
Floats = npt.NDArray[np.float32]


def distinct(keys: Uint64s, ids: Int32s) -> Any:
    """The rows that remain, ascending, if of n-grams of one key only the least by its ids does: a slice or int64[...].

    keys: uint64[M] ascending; ids: int32[M, n]. Two n-grams of one key do not occur unless somebody made them so.
    """
    if (keys[1:] != keys[:-1]).all():
        return slice(None)
    by_ids = np.lexsort((*ids.T[::-1], keys))
    return by_ids[np.append(True, keys[1:] != keys[:-1])]


class TableWriter:
    """One table of a `Writer`, which takes its n-grams in ascending order of their keys.

    Of n-grams of one key, whoever looks one up cannot tell it from the others: the least by its ids is kept.

    It is closed by `close`, or at the end of a `with` block; where that is left by an error, nothing more is written.
    """

    def __init__(self, writer: Writer, n: int, most: int) -> None:
        """most: at least as many n-grams as will be written; a table for many more is not as dense as it could be."""
        self._writer, self._n, self._most = writer, n, most
        self._buckets = int(most / LOAD) + 1
        assert self._buckets < 1 << 32
        self._at, self._n_slots, self._n_ngrams = writer._align(), 0, 0
        self._shift, self._last_key = 0, 0
        self._ids = tempfile.TemporaryFile()  # noqa: SIM115

    def __enter__(self) -> TableWriter:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        with self._ids:
            if kind is None:
                self.close()

    def add(self, keys: Uint64s, ids: Int32s, probs: Floats, backoffs: Floats) -> None:
        """Write n-grams: keys uint64[M] ascending, ids int32[M, n], log10 of probabilities and back-offs [M].

        All n-grams of one key come in one call. Raises InputError if very many keys have the same place.
        """
        assert ids.shape == (len(keys), self._n) and len(probs) == len(backoffs) == len(keys)
        rows = distinct(keys, ids)
        keys, ids, probs, backoffs = keys[rows], ids[rows], probs[rows], backoffs[rows]
        for first in range(0, len(keys), CHUNK):
            some = slice(first, first + CHUNK)
            self._check(keys[some])
            self._add(keys[some], ids[some], probs[some], backoffs[some])

    def _add(self, keys: Uint64s, ids: Int32s, probs: Floats, backoffs: Floats) -> None:
        ideal = ((keys >> np.uint64(32)) * np.uint64(self._buckets) >> np.uint64(32)).astype(np.int64)
        steps = np.arange(len(keys))
        places = np.maximum(np.maximum.accumulate(ideal - steps), self._n_slots) + steps
        self._shift = max(self._shift, int((places - ideal).max()))
        slots = np.zeros((int(places[-1]) + 1 - self._n_slots, 4), "<f4")
        here = places - self._n_slots
        slots.view("<u8")[here, 0] = keys
        slots[here, 2], slots[here, 3] = probs, backoffs
        self._writer._write(slots.tobytes())
        self._n_slots += len(slots)
        self._n_ngrams += len(keys)
        self._ids.write(np.ascontiguousarray(ids, "<i4").tobytes())

    def _check(self, keys: Uint64s) -> None:
        assert (np.append(np.uint64(self._last_key), keys[:-1]) < keys).all(), "keys are not sorted"
        self._last_key = int(keys[-1])

    def close(self) -> None:
        """Write the ids after the table."""
        assert self._n_ngrams <= self._most, f"{self._n_ngrams} n-grams of {self._most}"
        if self._shift > MAX_SHIFT:
            raise InputError(f"{self._shift} n-grams of {self._n} tokens have keys that fall on the same place")
        writer = self._writer
        writer._write(bytes(SLOT_BYTES))  # an empty slot: a search ends here
        ids_at = writer._align()
        self._ids.seek(0)
        shutil.copyfileobj(self._ids, writer._out, 1 << 20)
        writer._at += self._ids.tell()
        self._ids.close()
        writer._current["tables"].append(
            {
                "at": self._at,
                "slots": self._n_slots + 1,
                "buckets": self._buckets,
                "shift": self._shift,
                "n_ngrams": self._n_ngrams,
                "ids": ids_at,
            }
        )
