"""Units of a batch as `dedup_sentence` compares them, and the signatures and shingle sets of these for near copies.

Letters: N documents, D bytes, I items (units with a word), H minima.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipeline.batch import Batch, utf8_buffers

Array = npt.NDArray[Any]
Int64s = npt.NDArray[np.int64]


class Shingles(NamedTuple):
    """How units are compared for near copies. words, chars: of a shingle."""

    n_minima: int
    words: int
    chars: int
    seed: int


class Units(NamedTuple):
    """The items of a batch.

    data uint8[D]; starts, stops int64[I]: positions in it; rows int64[I]: whose they are; ones, twos uint64[I]: hashes
    of their words; eighths int64[I]: of a word, how many they have (see `kernels.sentence_windows`).
    """

    data: npt.NDArray[np.uint8]
    starts: Int64s
    stops: Int64s
    rows: Int64s
    ones: npt.NDArray[np.uint64]
    twos: npt.NDArray[np.uint64]
    eighths: Int64s

    def minima(self, items: Int64s, how: Shingles) -> npt.NDArray[np.uint32]:
        """The signatures of some items, uint32[I, H]."""
        from .kernels import minhash

        return minhash.signatures(*self._taken(items), how.n_minima, how.words, how.chars, how.seed)[0]

    def numbers(self, items: Int64s) -> npt.NDArray[np.uint64]:
        """Hashes of the numbers in some items, uint64[I]: near copies have the same."""
        from .kernels import sentence_windows

        return sentence_windows.hash_numbers(self.data, self.starts[items], self.stops[items])

    def sets(self, items: Int64s, how: Shingles) -> pa.Array:
        """The shingle sets of some items, as lists of uint64."""
        from .kernels import shingles

        values, firsts = shingles.sets(*self._taken(items), how.words, how.chars)
        return pa.LargeListArray.from_arrays(pa.array(firsts), pa.array(values))

    def _taken(self, items: Int64s) -> tuple[npt.NDArray[np.uint8], Int64s]:
        """The text of some items, as kernels take it: up to where the next one begins, for no word is in between."""
        offsets = np.append(self.starts, self.stops[-1:])
        buffers = [None, pa.py_buffer(offsets), pa.py_buffer(self.data)]
        return utf8_buffers(pa.LargeBinaryArray.from_buffers(pa.large_binary(), len(self.starts), buffers).take(items))


def units_of(batch: Batch, unit: int) -> Units:
    """The units of a batch that have a word; unit: SENTENCES, LINES or PARAGRAPHS of `kernels.sentence_spans`."""
    from .kernels import sentence_spans, sentence_windows

    data, offsets = batch.utf8()
    starts, stops, firsts = sentence_spans.spans(data, offsets, unit)
    ones, twos, eighths = sentence_windows.hash_units(data, starts, stops)
    some = np.flatnonzero(eighths)
    rows = np.repeat(np.arange(len(batch)), np.diff(firsts))
    return Units(data, *(values[some] for values in (starts, stops, rows, ones, twos, eighths)))


def similarities(heads: Any, others: Any, at_heads: Array, at_others: Array) -> Array:
    """Jaccard similarities of shingle sets, in ten-thousandths."""
    from .kernels import jaccard

    return jaccard.exact(*_sets(heads), *_sets(others), at_heads, at_others)


def _sets(lists: Any) -> tuple[Array, Array]:
    """Values and firsts as `jaccard` takes them."""
    firsts = lists.offsets.to_numpy()
    return lists.flatten().to_numpy(), firsts - firsts[0]
