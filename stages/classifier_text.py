"""The text that a classifier sees, in training and in prediction: plain words, and of a long document a sample.

Letters: D bytes of documents, N documents, E bytes of plain text.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
Int64s = npt.NDArray[np.int64]

SAMPLE_BYTES = 6_000
"""What is seen of a document."""
N_WINDOWS = 10
"""These told kinds of long documents apart as well as the whole text did (AUC 0.994); a single one did less (0.992)."""
MAX_PIECES = 10
"""Of one document in training; the words of a whole book are no more than those of ten documents."""


def prepared(data: Bytes, offsets: Int64s) -> tuple[Bytes, Int64s]:
    """What is judged of each document: plain text (see `kernels.plain_words`), data uint8[E] and offsets int64[N+1].

    data uint8[D], offsets int64[N+1]: valid UTF-8. A document of more than SAMPLE_BYTES is seen in N_WINDOWS windows at
    equal distances. One without a word is empty.
    """
    from .kernels import plain_words
    from .kernels.windows import windows

    return plain_words.plain(data, *windows(data, offsets, N_WINDOWS, SAMPLE_BYTES))


def pieces(data: Bytes, offsets: Int64s) -> list[list[bytes]]:
    """Plain text of each document in pieces to learn from, each of about SAMPLE_BYTES of text or all there is.

    Pieces follow each other without gaps, but of more than MAX_PIECES, those at equal distances are taken. A document
    without a word has none.
    """
    from .kernels import plain_words

    plain, bounds = plain_words.plain(data, offsets[:-1], offsets[1:], np.arange(len(offsets)))
    whole, bounds = plain.tobytes(), bounds.tolist()
    numbers = -(-np.diff(offsets) // SAMPLE_BYTES)
    return [_cut(whole[a:b], n) for a, b, n in zip(bounds, bounds[1:], numbers.tolist(), strict=False)]


def _cut(text: bytes, n: int) -> list[bytes]:
    """The text in n pieces of equal size, cut at spaces; at most MAX_PIECES of them, and none that is empty.

    A space is never far, for no word is long (see `kernels.plain_words`).
    """
    places = [0, *(text.find(b" ", part * len(text) // n) for part in range(1, n)), len(text)]
    ends = [place if place >= 0 else len(text) for place in places]
    found = [text[a:b].strip() for a, b in itertools.pairwise(ends)]
    found = [piece for piece in found if piece]
    if len(found) > MAX_PIECES:
        found = [found[part * (len(found) - 1) // (MAX_PIECES - 1)] for part in range(MAX_PIECES)]
    return found


def joined(texts: list[bytes]) -> tuple[Bytes, Int64s]:
    """Byte strings as kernels take them: data uint8[E] and offsets int64[N+1]."""
    offsets = np.zeros(len(texts) + 1, np.int64)
    np.cumsum([len(text) for text in texts], out=offsets[1:])
    return np.frombuffer(b"".join(texts), np.uint8), offsets


def spans(offsets: Int64s) -> tuple[Int64s, Int64s, Int64s]:
    """Whole documents as spans: starts, stops int64[N] and firsts int64[N+1]."""
    return offsets[:-1], offsets[1:], np.arange(len(offsets))


def predicted(model: Any, label: int, data: Bytes, offsets: Int64s) -> npt.NDArray[np.float32]:
    """The probability of a label (its index in the model) for each text, float32[N]; data is seen as it is."""
    from .kernels.fasttext import score_all

    return score_all(data, *spans(offsets), model.tables)[:, label]
