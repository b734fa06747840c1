"""The signals of the stage `quality`: counts from the kernels, and the ratios made of them.

Letters: N documents, P profiles. Ratios are quotients of integers, stored as float32: the same on every machine. They
are 0 where there is nothing to divide by. Entropies come from the kernels as whole ten-thousandths of a bit.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from pipeline.errors import InputError

from . import word_lists
from .profiles import CHARACTERS, Profiles, load_profiles

SPACY = "spacy"
SCALE = 10_000

COUNTS = {
    "n_chars": "n_chars",
    "n_words": "n_words",
    "n_units": "n_units",
    "n_stop_words": "n_stop",
    "max_word_chars": "max_word_chars",
    "n_lines": "n_lines",
    "n_paragraphs": "n_paragraphs",
    "max_line_chars": "max_line_chars",
    "n_long_lines": "n_long_lines",
    "n_braces": "n_braces",
    "n_tags": "n_tags",
    "n_entities": "n_entities",
    "n_urls": "n_urls",
    "is_generated": "is_generated",
    "is_xml": "is_xml",
    "c4_n_sentences": "c4_n_sentences",
    "c4_lorem_ipsum": "c4_lorem_ipsum",
    "c4_brace": "c4_brace",
}
"""Signal -> count, int32."""

RATIOS = {
    # words
    "mean_word_chars": ("n_word_chars", "n_words"),
    "alphabetic_frac": ("n_alphabetic", "n_units"),
    "character_word_frac": ("n_characters", "n_units"),
    "hash_frac": ("n_hash", "n_units"),
    "ellipsis_frac": ("n_ellipses", "n_units"),
    "distinct_word_frac": ("n_distinct", "n_units"),
    "function_word_frac": ("n_function", "n_words"),
    "involved_frac": ("n_involved", "n_units"),
    "letters_per_word": ("n_letters", "n_units"),
    # lines
    "mean_line_chars": ("n_nonnewline_chars", "n_split"),
    "terminal_line_frac": ("n_terminal", "n_lines"),
    "short_line_frac": ("n_short", "n_lines"),
    "bullet_line_frac": ("n_bullet", "n_split"),
    "listed_line_frac": ("n_listed", "n_split"),
    "ellipsis_line_frac": ("n_ellipsis_end", "n_split"),
    "newline_frac": ("n_newlines", "n_units"),
    # repetition
    "duplicate_paragraph_frac": ("n_dup_paragraphs", "n_paragraphs"),
    "duplicate_paragraph_char_frac": ("dup_paragraph_chars", "n_chars"),
    "duplicate_line_frac": ("n_dup_lines", "n_gopher_lines"),
    "duplicate_line_char_frac": ("dup_line_chars", "n_chars"),
    "duplicate_char_frac": ("dup_line_chars_nonblank", "n_nonnewline_chars"),
    **{f"top_{n}gram_frac": (f"top_{n}", "n_chars") for n in (2, 3, 4)},
    **{f"duplicate_{n}gram_frac": (f"dup_{n}", "n_chars") for n in range(5, 11)},
    "word_repetition_frac": ("n_repeated_5", "n_5grams"),
    "char_repetition_frac": ("char_repeated", "char_grams"),
    "compressed_frac": ("lz_bytes", "n_bytes"),
    # characters
    "letter_frac": ("n_letters", "n_chars"),
    "upper_frac": ("n_upper", "n_letters"),
    "digit_frac": ("n_digits", "n_chars"),
    "space_frac": ("n_spaces", "n_chars"),
    "punctuation_frac": ("n_punctuation", "n_chars"),
    "symbol_frac": ("n_symbols", "n_chars"),
    "mark_frac": ("n_marks", "n_chars"),
    "control_frac": ("n_other", "n_chars"),
    "replacement_frac": ("n_replacement", "n_chars"),
    "alphanumeric_frac": ("n_alphanumeric", "n_chars"),
    "special_frac": ("n_special", "n_chars"),
    "han_frac": ("n_han", "n_letters"),
    "cjk_frac": ("n_cjk", "n_letters"),
    "ascii_frac": ("n_ascii", "n_chars"),
    # what punctuation there is
    "stop_frac": ("n_stops", "n_punctuation"),
    "comma_frac": ("n_commas", "n_punctuation"),
    "question_frac": ("n_questions", "n_punctuation"),
    "exclamation_frac": ("n_exclamations", "n_punctuation"),
    "quote_frac": ("n_quotes", "n_punctuation"),
    "bracket_frac": ("n_brackets", "n_punctuation"),
    "dash_frac": ("n_dashes", "n_punctuation"),
    # markup and phrases
    "tag_frac": ("tag_chars", "n_chars"),
    "url_frac": ("url_chars", "n_chars"),
    "encoded_frac": ("encoded_chars", "n_chars"),
    "template_frac": ("n_template", "n_units"),
    "boilerplate_frac": ("n_boilerplate", "n_units"),
    "flagged_frac": ("n_flagged", "n_words"),
    "c4_line_frac": ("c4_n_kept", "c4_n_lines"),
}
"""Signal -> (what is counted, out of what), float32."""

ENTROPIES = {
    "word_entropy": "entropy",
    "char_entropy": "char_entropy",
    "punctuation_entropy": "punctuation_entropy",
}
"""Signal -> count of ten-thousandths of a bit, float32 in bits."""

NEEDED = sorted(
    {*COUNTS.values(), *ENTROPIES.values(), "n_digits", "n_spaces", "n_punctuation", "n_symbols", "n_other"}.union(
        *RATIOS.values()
    )
)
"""Counts that signals are made of; those of kernels are called as their columns, in lower case."""


def columns() -> dict[str, pa.DataType]:
    """The columns that `measure` gives values for."""
    integers = {f"quality_{name}": pa.int32() for name in COUNTS}
    return integers | {f"quality_{name}": pa.float32() for name in (*RATIOS, *ENTROPIES)}


SPOKEN, WEB, FORMAL, UNKNOWN = "spoken", "web", "formal", "unknown"
WEB_MARKERS = ("n_urls", "n_tags", "n_entities", "n_boilerplate")
MIN_WEB_FRAC, MIN_HASH_FRAC = 0.003, 0.05
"""So many markers, or `#`, per unit are of the web: three links, or fifty hashtags, in a thousand words. Markdown's
headings have fewer `#`."""


class Choice(NamedTuple):
    """The options that decide what is measured."""

    words: str
    short_line_chars: int | None
    c4_terminal: bool
    c4_min_line_words: int
    c4_max_word_chars: int
    profiles: tuple[str, ...]
    word_lists: tuple[str, ...]


class Tables(NamedTuple):
    """What the kernels need besides the text, by profile."""

    units_P: np.ndarray
    lexicon: Any
    phrases: Any
    line_marks_PU: np.ndarray
    short_P: np.ndarray
    c4_profiles: Any
    c4_options: Any
    involved_P: np.ndarray
    """float64[P]: the share of involved words from which a text is spoken; NaN if the profile lists none."""


LINE_ENDS = "min_terminal_line_frac"
"""The limit that is null in profiles of languages whose lines may end in anything."""
BOILERPLATE, FLAGGED = 0, 1
"""Groups of phrases."""


class Found(NamedTuple):
    """What `measure` returns: signals by name, N values each, and C4's edits as `Batch.edit` takes them."""

    signals: dict[str, np.ndarray]
    edits: tuple[np.ndarray, np.ndarray, np.ndarray, list[bytes]]


@functools.lru_cache(maxsize=4)
def tables(choice: Choice) -> Tables:
    """The tables for some options. Raises InputError if a profile or a word list is not usable."""
    from .kernels import c4, units

    profiles = load_profiles(choice.profiles)
    shorts = [one.short_line_chars for one in profiles.listed]
    if choice.short_line_chars is not None:
        shorts = [choice.short_line_chars] * len(shorts)
    marks_PU = _line_marks(profiles)
    return Tables(
        units_P=_flags(profiles, lambda one: one.spacy and choice.words == SPACY, units.SPACY, units.FAST),
        lexicon=_lexicon(profiles),
        phrases=_phrases(profiles, choice.word_lists),
        line_marks_PU=marks_PU,
        short_P=np.array(shorts, np.int64),
        c4_profiles=c4.Profiles(
            is_spaced_P=_flags(profiles, lambda one: one.words != CHARACTERS and one.languages != ()),
            adds_marks_P=_flags(profiles, lambda one: one.terminal + one.closing != ""),
            has_ends_P=_flags(profiles, lambda one: one.thresholds.get(LINE_ENDS, 0) is not None),
            marks_PU=marks_PU,
        ),
        c4_options=c4.Options(choice.c4_terminal, choice.c4_max_word_chars, choice.c4_min_line_words),
        involved_P=np.array([one.spoken_frac if one.involved_words else np.nan for one in profiles.listed]),
    )


def _flags(profiles: Profiles, is_so: Callable[[Any], bool], yes: Any = True, no: Any = False) -> np.ndarray:
    """One value or another for every profile, bool[P] or uint8[P]."""
    return np.array([yes if is_so(one) else no for one in profiles.listed], bool if yes is True else np.uint8)


def _line_marks(profiles: Profiles) -> np.ndarray:
    """The marks at the ends and beginnings of lines, uint8[P, 0x110000]."""
    from .kernels import lines

    return np.stack([
        lines.marks(lines.FINEWEB_TERMINAL + one.terminal, one.bullets, one.closing) for one in profiles.listed
    ])  # fmt: skip


def _lexicon(profiles: Profiles) -> Any:
    """The words of the profiles. Raises InputError for one that no text can have."""
    from .kernels import lexicon

    lists = [lexicon.Lists(one.stop_words, one.function_words, one.involved_words) for one in profiles.listed]
    for one, words in zip(profiles.listed, lists, strict=True):
        try:
            for word in chain(*words):
                lexicon.check_word(word)
        except ValueError as error:
            raise InputError(f"the profile of {one.name} cannot be used: {error}") from error
    return lexicon.build(lists)


def _phrases(profiles: Profiles, paths: tuple[str, ...]) -> Any:
    """The phrases of menus in all languages, and the flagged terms."""
    from .kernels import automaton

    patterns = {(phrase, BOILERPLATE) for one in profiles.listed for phrase in one.boilerplate}
    patterns |= {(term, FLAGGED) for path in paths for term in word_lists.read_terms(path)}
    patterns |= {(phrase.replace("'", "’"), group) for phrase, group in patterns}
    return automaton.build(sorted(patterns))


def measure(data: Any, offsets: Any, profiles_N: np.ndarray, tables: Tables) -> Found:
    """All signals of documents with these profiles (int64[N])."""
    counts, edits = _counts(data, offsets, profiles_N, tables)
    signals: dict[str, Any] = {"register": _registers(counts, tables.involved_P[profiles_N])}
    signals |= {name: counts[count].astype(np.int32) for name, count in COUNTS.items()}
    signals |= {name: _ratio(counts[part], counts[whole]) for name, (part, whole) in RATIOS.items()}
    signals |= {name: (counts[count] / SCALE).astype(np.float32) for name, count in ENTROPIES.items()}
    return Found(signals, edits)


def _counts(data: Any, offsets: Any, profiles_N: np.ndarray, tables: Tables) -> tuple[dict[str, np.ndarray], Any]:
    """Counts by name, int64[N] each, and C4's edits."""
    from .kernels import automaton, c4, characters, lines, markup, sentences, word_measures

    counts: dict[str, np.ndarray] = {}
    units_N = tables.units_P[profiles_N]
    word_counts = word_measures.measure(data, offsets, units_N, profiles_N, tables.lexicon)
    line_counts = lines.measure(data, offsets, profiles_N, tables.line_marks_PU, tables.short_P)
    counts |= _named(word_measures, word_counts) | _named(lines, line_counts)
    counts |= _named(characters, characters.measure(data, offsets)) | _named(markup, markup.measure(data, offsets))
    hits, _ = automaton.count(data, offsets, tables.phrases, 2)
    counts["n_boilerplate"], counts["n_flagged"] = hits[:, BOILERPLATE], hits[:, FLAGGED]
    kept = c4.edits(data, offsets, profiles_N.astype(np.uint8), tables.c4_profiles, tables.c4_options)
    counts["c4_n_lines"], counts["c4_n_kept"] = kept.counts[:, c4.N_LINES], kept.counts[:, c4.N_KEPT]
    counts["c4_lorem_ipsum"] = (kept.counts[:, c4.LOREM_IPSUM_LINE] > 0).astype(np.int64)
    counts["c4_brace"] = (kept.counts[:, c4.BRACE_LINE] > 0).astype(np.int64)
    counts["c4_n_sentences"] = sentences.count(kept.kept_data, kept.kept_offsets, units_N)
    edits = (kept.rows, kept.starts, kept.ends, kept.replacements())
    return counts | _sums(counts, np.diff(offsets)), edits


def _sums(counts: dict[str, np.ndarray], n_bytes: np.ndarray) -> dict[str, np.ndarray]:
    """Counts made of others."""
    special = sum(counts[f"n_{kind}"] for kind in ("digits", "spaces", "punctuation", "symbols", "other"))
    return {
        "n_bytes": n_bytes,
        "n_5grams": np.maximum(counts["n_units"] - 4, 0),
        "n_special": special,
        "n_alphanumeric": counts["n_chars"] - special + counts["n_digits"],
    }


def _named(kernel: Any, table: np.ndarray) -> dict[str, np.ndarray]:
    """The columns that a kernel's table has of the counts that signals are made of."""
    found = {name: getattr(kernel, name.upper(), None) for name in NEEDED}
    return {name: table[:, column] for name, column in found.items() if column is not None}


def _registers(counts: dict[str, np.ndarray], least_N: np.ndarray) -> pa.Array:
    """`spoken`, `web`, `formal` or `unknown`, N strings.

    Spoken, or written as one speaks: by the share of pronouns of the first and second person, contractions,
    exclamations and the like, the involved pole of the first dimension of register variation (Biber 1988). Of the web:
    by links, HTML residue and phrases of menus, or hashtags. Formal is what has few of either.
    """
    n_units = counts["n_units"]
    n_markers = sum(counts[name] for name in WEB_MARKERS)
    is_web = (_ratio(n_markers, n_units) >= MIN_WEB_FRAC) | (_ratio(counts["n_hash"], n_units) >= MIN_HASH_FRAC)
    names = np.where(is_web, WEB, FORMAL).astype(object)
    names[_ratio(counts["n_involved"], n_units) >= least_N] = SPOKEN
    names[np.isnan(least_N) | (n_units == 0)] = UNKNOWN
    return pa.array(names, pa.string())


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """part / whole, float32[N]; 0 where whole is 0."""
    return (part / np.maximum(whole, 1)).astype(np.float32)
