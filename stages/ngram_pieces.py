"""Tokens of kind `pieces`: those of a trained tokenizer, for n-gram language models.

Letters: L lines, T tokens, P pieces of the tokenizer. A piece is written as `tokenizer.json` has it, in the alphabet of
byte-level BPE (`Ġthe`), and hashed like other tokens (`kernels.ngram_tokens`).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from .tokenizer import encoder, ids_of, parse

PIECES = "pieces"
Int64s = npt.NDArray[np.int64]


class Pieces:
    """A tokenizer that cuts lines into pieces. written: the pieces by their id; hashes: theirs, uint64[P]."""

    def __init__(self, content: bytes, name: str = "tokenizer.json") -> None:
        """content: of a `tokenizer.json`; name: what an error calls it. Raises InputError."""
        from .kernels.ngram_tokens import hashes_of

        self._encoder = encoder(content, name)
        ids = ids_of(parse(content))
        self.written = [token.encode() for token in sorted(ids, key=ids.__getitem__)]
        self.hashes = hashes_of(self.written)

    def ids(self, data: Any, starts: Int64s, stops: Int64s) -> tuple[npt.NDArray[np.int32], Int64s]:
        """The pieces of spans of valid UTF-8, each cut by itself: ids int32[T], firsts int64[L+1].

        starts, stops: int64[L], on character boundaries.
        """
        spans = zip(starts.tolist(), stops.tolist(), strict=True)
        found = self._encoder.encode_batch([data[start:stop].tobytes().decode() for start, stop in spans])
        firsts = np.zeros(len(found) + 1, np.int64)
        np.cumsum([len(ids) for ids in found], out=firsts[1:])
        return np.fromiter((number for ids in found for number in ids), np.int32, int(firsts[-1])), firsts
