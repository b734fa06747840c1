"""The stage `quality`: what can be counted about a text, and rules about it.

Letters: N documents. Ratios are computed from counts and compared in ten-thousandths, as integers, so
that no machine's rounding decides about a document.
"""

from __future__ import annotations

import unicodedata
from typing import Any

import numpy as np
import pyarrow as pa

from pipeline.batch import Batch
from pipeline.errors import OptionError
from pipeline.schema import option
from pipeline.stage import Stage, stage

SCALE = 10_000


@stage("quality")
class Quality(Stage):
    """Measure words, lines and characters, and drop what does not look like prose.

    A word is a run of letters and digits, or one character of a script without spaces (Han, kana, Thai ...); a line
    is what stands between line ends and holds a letter or digit. A rule whose measure says nothing about a document
    does not apply to it: the mean length of words where fewer than four in five are of spaced scripts, line ends
    where most characters are Thai or Lao (no full stops), bullets and ellipses of fewer than three lines.

    The rules and limits are those of Gopher (Rae et al. 2021) for words, bullets, ellipses and repeated lines, and of
    FineWeb (Penedo et al. 2024) for line ends and short lines; `max_digit_frac` and `max_special_frac` follow BLOOM's
    limit of 0.4 for special characters (Laurencon et al. 2022). What differs, so that other languages and technical
    prose are judged as English web pages are: a line in which a sentence ends counts as finished, in any script;
    brackets and fences are no lines, so their repetition is none; a Han character counts as three in a line's width,
    other letters of unspaced scripts and Hangul syllables as two, and a Hangul syllable as two in a word.
    """

    min_words: int = option(50, "words; shorter documents drop as too_short", ge=0)
    max_words: int = option(100_000, "words; longer documents drop as too_long", ge=1)
    min_mean_word_chars: float = option(3.0, "letters per word of spaced scripts; fewer: words_too_short", ge=0)
    max_mean_word_chars: float = option(10.0, "letters per word of spaced scripts; more: words_too_long", ge=0)
    max_symbol_frac: float = option(0.1, "`#` per word, and ellipses per word; more: too_many_symbols", ge=0)
    min_alphabetic_frac: float = option(0.8, "share of words with a letter; less: too_few_letters", ge=0, le=1)
    max_digit_frac: float = option(0.4, "share of digits in the visible characters; more: too_many_digits", ge=0, le=1)
    max_special_frac: float = option(0.4, "share of punctuation and symbols; more: too_many_special", ge=0, le=1)
    min_terminal_frac: float = option(0.12, "share of lines where a sentence ends; less: unfinished_lines", ge=0, le=1)
    max_short_line_frac: float = option(0.67, "share of short lines; more: short_lines", ge=0, le=1)
    short_line_chars: int = option(30, "width up to which a line is short, in Latin letters", ge=0)
    max_bullet_frac: float = option(0.9, "share of lines that begin with a bullet; more: bullets", ge=0, le=1)
    max_ellipsis_frac: float = option(0.3, "share of lines that end in an ellipsis; more: ellipses", ge=0, le=1)
    max_duplicate_line_frac: float = option(0.3, "share of lines that are copies; more: repeated_lines", ge=0, le=1)
    max_duplicate_char_frac: float = option(0.2, "share of their characters; more: repeated_text", ge=0, le=1)
    unjudged: tuple[str, ...] = option((), "sources that are measured and never dropped, such as [code]")

    version = 2
    source_options = ("unjudged",)

    def check(self) -> None:
        """Raises OptionError if a least value is above its greatest."""
        for low, high in (("min_words", "max_words"), ("min_mean_word_chars", "max_mean_word_chars")):
            if getattr(self, low) > getattr(self, high):
                raise OptionError(low, f"quality option '{low}' must not be above '{high}'")

    def needs(self) -> tuple[str, ...]:
        return ("text", "source")

    def adds(self) -> dict[str, pa.DataType]:
        ratios = {f"quality_{name}": pa.float32() for name in RATIOS}
        return {"quality_n_words": pa.int32(), "quality_n_lines": pa.int32(), **ratios}

    def identity(self) -> dict[str, str]:
        return {"unicode": unicodedata.unidata_version}

    def apply(self, batch: Batch) -> None:
        counts = measure(*batch.utf8(), self.short_line_chars)
        judged = ~np.isin(np.asarray(batch.column("source").to_pylist(), dtype=object), self.unjudged)
        for name in ("n_words", "n_lines"):
            batch.set(f"quality_{name}", counts[name].astype(np.int32))
        scaled = {name: _ratio(counts[part], counts[whole]) for name, (part, whole) in RATIOS.items()}
        for name, values in scaled.items():
            batch.set(f"quality_{name}", (values / SCALE).astype(np.float32))

        n_words = counts["n_words"]
        batch.drop(judged & (n_words < self.min_words), "too_short", value=n_words, limit=self.min_words)
        batch.drop(judged & (n_words > self.max_words), "too_long", value=n_words, limit=self.max_words)
        for name, reason, limit, least in self._rules():
            bound, values = round(limit * SCALE), scaled[name]
            failed = (values < bound) if least else (values > bound)
            applies = judged & is_judged_by(name, counts)
            batch.drop(applies & failed, reason, value=values / SCALE, limit=limit)

    def _rules(self) -> tuple[tuple[str, str, float, bool], ...]:
        """(ratio, reason, limit, whether the limit is the least) of every rule about a ratio."""
        return (
            ("mean_word_chars", "words_too_short", self.min_mean_word_chars, True),
            ("mean_word_chars", "words_too_long", self.max_mean_word_chars, False),
            ("hash_frac", "too_many_hashes", self.max_symbol_frac, False),
            ("ellipsis_frac", "too_many_ellipses", self.max_symbol_frac, False),
            ("alphabetic_frac", "too_few_letters", self.min_alphabetic_frac, True),
            ("digit_frac", "too_many_digits", self.max_digit_frac, False),
            ("special_frac", "too_many_special", self.max_special_frac, False),
            ("terminal_line_frac", "unfinished_lines", self.min_terminal_frac, True),
            ("short_line_frac", "short_lines", self.max_short_line_frac, False),
            ("bullet_line_frac", "bullets", self.max_bullet_frac, False),
            ("ellipsis_line_frac", "ellipsis_lines", self.max_ellipsis_frac, False),
            ("duplicate_line_frac", "repeated_lines", self.max_duplicate_line_frac, False),
            ("duplicate_char_frac", "repeated_text", self.max_duplicate_char_frac, False),
        )


RATIOS = {
    "mean_word_chars": ("n_spaced_chars", "n_spaced"),
    "hash_frac": ("n_hashes", "n_words"),
    "ellipsis_frac": ("n_ellipses", "n_words"),
    "alphabetic_frac": ("n_alphabetic", "n_words"),
    "digit_frac": ("n_digits", "n_visible"),
    "special_frac": ("n_special", "n_visible"),
    "han_frac": ("n_han", "n_visible"),
    "terminal_line_frac": ("n_terminal", "n_lines"),
    "short_line_frac": ("n_short", "n_lines"),
    "bullet_line_frac": ("n_bullet", "n_lines"),
    "ellipsis_line_frac": ("n_ellipsis_end", "n_lines"),
    "duplicate_line_frac": ("n_duplicate", "n_lines"),
    "duplicate_char_frac": ("duplicate_width", "width"),
}
"""Signal -> (what is counted, out of what); 0 where there is nothing to count from."""


def measure(data: Any, offsets: Any, short: int) -> dict[str, Any]:
    """Counts per document by name, int64[N] each."""
    from .kernels import lines, utf8, words

    word = words.measure(data, offsets)
    line = lines.measure(data, offsets, short)
    kinds = utf8.count_classes(data, offsets)
    punctuation = kinds[:, utf8.PUNCTUATION] + kinds[:, utf8.JOINER]
    return {
        "n_words": word[:, words.N_WORDS],
        "n_spaced": word[:, words.N_WORDS] - word[:, words.N_UNSPACED],
        "n_spaced_chars": word[:, words.N_SPACED_CHARS] + line[:, lines.N_HANGUL],
        "n_alphabetic": word[:, words.N_ALPHABETIC],
        "n_digits": kinds[:, utf8.DIGIT],
        "n_special": punctuation + kinds[:, utf8.SYMBOL],
        "n_han": kinds[:, utf8.HAN],
        "n_visible": kinds.sum(axis=1) - kinds[:, utf8.SPACE] - kinds[:, utf8.OTHER],
        "n_lines": line[:, lines.N_LINES],
        "n_terminal": line[:, lines.N_TERMINAL],
        "n_bullet": line[:, lines.N_BULLET],
        "n_ellipsis_end": line[:, lines.N_ELLIPSIS_END],
        "n_short": line[:, lines.N_SHORT],
        "width": line[:, lines.WIDTH],
        "n_duplicate": line[:, lines.N_DUPLICATE],
        "duplicate_width": line[:, lines.DUPLICATE_WIDTH],
        "n_hashes": line[:, lines.N_HASH],
        "n_ellipses": line[:, lines.N_ELLIPSIS],
        "n_unstopped": line[:, lines.N_UNSTOPPED],
    }


def is_judged_by(name: str, counts: dict[str, Any]) -> Any:
    """Which documents a ratio says something about, bool[N]."""
    if name == "mean_word_chars":  # the Latin words of a Chinese text are names and formulas
        return (counts["n_spaced"] > 0) & (counts["n_spaced"] * 5 >= counts["n_words"] * 4)
    if name == "terminal_line_frac":
        return (counts["n_lines"] > 0) & (counts["n_unstopped"] * 2 <= counts["n_visible"])
    if name in ("bullet_line_frac", "ellipsis_line_frac"):  # one line that trails off is not a page of teasers
        return counts["n_lines"] >= 3
    return counts[RATIOS[name][1]] > 0


def _ratio(part: Any, whole: Any) -> Any:
    """part / whole in ten-thousandths, rounded half up, int64[N]; 0 where whole is 0."""
    return (2 * SCALE * part + whole) // np.maximum(2 * whole, 1)
