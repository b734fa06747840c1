"""Whether a trained vocabulary has the most frequent words, or the trainer lost them.

Trainers of BPE that count pairs in 32 bits lose the most frequent ones of large inputs, and nothing tells: the
tokenizer works, with longer texts. The words that the corpus has most often are then no tokens.
"""

from __future__ import annotations

import itertools
import unicodedata
from collections import Counter
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from pipeline.errors import InputError

from .pretokenizers import bits, known

N_WORDS, MIN_SINGLE_FRAC = 100, 0.95
MIN_VOCABULARY = 8_000
"""Tokens asked for, below which frequent words may have to be several."""
MIN_COUNT = 2
"""Of a word: one that occurs once need be no token."""
MAX_TOLD = 10


class Guarded(NamedTuple):
    """checked: words that were looked at; single: those of them that are one token."""

    checked: int
    single: int


def count_pieces(texts: Iterable[str], expression: str) -> Counter[str]:
    """How often each piece occurs; expression: of `pretokenizers.pattern`."""
    from .kernels.pieces import pieces_kernel

    cut, letters = known()[expression]
    bits_U = bits(letters)
    counts: Counter[bytes] = Counter()
    for text in texts:
        data = text.encode()
        starts = np.empty(len(data) + 1, np.int64)
        bounds, of_text = np.array([0, len(data)]), np.frombuffer(data, np.uint8)
        n_pieces, _, _ = pieces_kernel(of_text, bounds, 0, 0, len(data) + 1, bits_U, cut, starts)
        counts.update([data[a:b] for a, b in itertools.pairwise(starts[: n_pieces + 1].tolist())])
    return Counter({piece.decode(): count for piece, count in counts.items()})


def is_alphabetic(piece: str) -> bool:
    """Whether it is letters, with their marks, but for one other character before them."""
    body = piece if _is_letter(piece[0]) else piece[1:]
    return bool(body) and all(map(_is_letter, body))


def _is_letter(character: str) -> bool:
    return unicodedata.category(character)[0] in "LM"


def check(counts: Counter[str], made: Any, vocab_size: int) -> Guarded:
    """How many of the most frequent words are one token. Raises InputError if too few are.

    counts: of pieces; made: the library's tokenizer; vocab_size: what was asked for.
    """
    words = sorted((-count, piece) for piece, count in counts.items() if count >= MIN_COUNT and is_alphabetic(piece))
    top = [(piece, -negative) for negative, piece in words[:N_WORDS]]
    ids = made.encode_batch_fast([piece for piece, _ in top], add_special_tokens=False)
    split = [word for word, one in zip(top, ids, strict=True) if len(one.ids) > 1]
    if len(top) - len(split) < MIN_SINGLE_FRAC * len(top):
        raise InputError(_lost(split, len(top), made.get_vocab_size(), vocab_size))
    return Guarded(len(top), len(top) - len(split))


def _lost(split: list[tuple[str, int]], n_checked: int, n_tokens: int, vocab_size: int) -> str:
    told = ", ".join(f"{piece!r} ({count:,} times)" for piece, count in split[:MAX_TOLD])
    more = f" and {len(split) - MAX_TOLD} more" if len(split) > MAX_TOLD else ""
    why = (
        f"its {n_tokens:,} tokens are taken by what is more frequent in several languages or scripts: raise"
        " 'vocab_size', or train on fewer by 'weights' and 'languages'"
        if n_tokens >= vocab_size
        else f"it has {n_tokens:,} tokens where {vocab_size:,} were asked for, so merges were lost, as when the"
        " trainer's 32-bit counts overflow: lower 'max_mb'"
    )
    return (
        f"tokenizer learned no token of their own for {len(split)} of the {n_checked} most frequent words of its"
        f" sample: {told}{more}; {why}"
    )
