"""Tokens of kind `pieces`: those of a trained tokenizer, for n-gram language models.

Letters: L lines, T tokens, P pieces of the tokenizer. A piece is written as `tokenizer.json` has it, in the alphabet of
byte-level BPE (`Ġthe`), and hashed like other tokens (`kernels.ngram_tokens`).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from .encoder import encoder, parse, written_tokens

PIECES = "pieces"
Int64s = npt.NDArray[np.int64]


class Pieces:
    """A tokenizer that cuts lines into pieces. written: the pieces by their id; hashes: theirs, uint64[P]."""

    def __init__(self, content: bytes, name: str = "tokenizer.json") -> None:
        """content: of a `tokenizer.json`; name: what an error calls it. Raises InputError."""
        from .kernels.ngram_tokens import hashes_of

        self._encoder = encoder(content, name)
        self.written = [token.encode() for token in written_tokens(parse(content))]
        self.hashes = hashes_of(self.written)

    def ids(self, data: Any, starts: Int64s, stops: Int64s) -> tuple[npt.NDArray[np.int32], Int64s]:
        """The pieces of spans of valid UTF-8, each cut by itself: ids int32[T], firsts int64[L+1].

        starts, stops: int64[L], on character boundaries.
        """
        data_D, offsets = _joined(data, starts, stops)
        ids, firsts = self._encoder.encode(data_D, offsets)
        return ids.astype(np.int32), firsts


def _joined(data: Any, starts: Int64s, stops: Int64s) -> tuple[Any, Int64s]:
    """The bytes of spans one after another, uint8[D], and where each begins and the last ends, int64[L+1]."""
    offsets = np.zeros(len(starts) + 1, np.int64)
    np.cumsum(stops - starts, out=offsets[1:])
    spans = zip(starts.tolist(), stops.tolist(), strict=True)
    return np.frombuffer(b"".join([data[start:stop].tobytes() for start, stop in spans]), np.uint8), offsets
