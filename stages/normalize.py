"""The stage `normalize`: one form for the same text, and nothing that is not text."""

from __future__ import annotations

import itertools
import unicodedata

import numpy as np
import pyarrow as pa

from pipeline.batch import Batch
from pipeline.schema import option
from pipeline.stage import Stage, stage

SCALE = 1_000_000
"""Fractions are compared in millionths, as integers."""
MAX_MARKS = 100
"""Characters of a span that are left to Python to bring in order; more are sorted first."""


@stage("normalize")
class Normalize(Stage):
    """Bring text to Unicode form NFC, its line ends to `\\n`, and remove what is not text.

    Line ends are `\\r\\n`, `\\r`, vertical tab, form feed, U+0085, U+2028 and U+2029. Removed are the other controls
    (C0 but tab, DEL, C1), U+FEFF and noncharacters. Full-width forms, ligatures and invisible format characters
    stay: scripts need some, and NFC is the form that hardly ever changes what a text looks like.

    Drops: `empty` if nothing but white space is left; `broken_text` if more than `max_replacement_frac` of the
    characters are U+FFFD, which stands for bytes that were not UTF-8 (`broken_utf8` counts those the reader met).

    Signals: `normalize_n_replaced`, U+FFFD characters. Source: Unicode Standard Annex #15.
    """

    max_replacement_frac: float = option(
        0.01, "share of U+FFFD in the characters; more drop as broken_text", ge=0, le=1
    )

    edits_text = True
    version = 2

    def adds(self) -> dict[str, pa.DataType]:
        return {"normalize_n_replaced": pa.int32()}

    def identity(self) -> dict[str, str]:
        return {"unicode": unicodedata.unidata_version}

    def apply(self, batch: Batch) -> None:
        from .kernels import normalize as kernel

        data, offsets = batch.utf8()
        spans, counts = kernel.find(data, offsets)
        replacements = _replacements(data, offsets[:-1], spans, kernel.COMPOSE, kernel.LINE_END)
        changed = np.array([replacement is not None for replacement in replacements], dtype=bool)
        rows, starts, stops, _ = spans[changed].T
        batch.edit(rows, starts, stops, [one for one in replacements if one is not None])

        n_replaced, n_chars, n_visible = counts.T
        batch.set("normalize_n_replaced", n_replaced)
        batch.drop(n_visible == 0, "empty", value=n_visible)
        limit = round(self.max_replacement_frac * SCALE)
        broken = n_replaced * SCALE > limit * n_chars
        batch.drop(broken, "broken_text", value=n_replaced / np.maximum(n_chars, 1), limit=self.max_replacement_frac)


def _replacements(data, begins, spans, compose: int, line_end: int) -> list[bytes | None]:
    """What each span becomes; None if it is normal already. The same span is looked at once."""
    known: dict[bytes, bytes | None] = {}
    found: list[bytes | None] = []
    for row, start, stop, kind in spans.tolist():
        if kind != compose:
            found.append(b"\n" if kind == line_end else b"")
            continue
        begin = int(begins[row])
        before = data[begin + start : begin + stop].tobytes()
        if before not in known:
            after = composed(before.decode()).encode()
            known[before] = after if after != before else None
        found.append(known[before])
    return found


def composed(text: str) -> str:
    """NFC of a span without the characters that `normalize` removes; it holds no line ends."""
    from .kernels import normalize as kernel

    kinds, _ = kernel.tables()
    kept = [c for c in text if kinds[ord(c)] != kernel.REMOVE]
    return unicodedata.normalize("NFC", "".join(in_order(kept) if len(kept) > MAX_MARKS else kept))


def in_order(characters: list[str]) -> list[str]:
    """The decomposed characters, each run of marks sorted by combining class.

    Python's normalization sorts by insertion, in quadratic time: thousands of marks on one letter, which nobody
    writes but anybody can send, would take it minutes.
    """
    decomposed = "".join(unicodedata.normalize("NFD", c) for c in characters)
    runs = itertools.groupby(decomposed, key=lambda c: unicodedata.combining(c) > 0)
    return [c for _, run in runs for c in sorted(run, key=unicodedata.combining)]
