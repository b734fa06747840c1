"""Which languages a text can be in, by the scripts of its letters: what is written in Han characters is no Finnish.

A model that has seen little of a kind of text guesses wildly: of Chinese chat lid.176 takes one document in forty for
Korean, French or Finnish. A language can be that of a text if MIN_SHARE of the letters are of its script. Scripts that
one language is commonly written in by turns (Latin, Cyrillic, Arabic) are one group, so that Serbian, Uzbek or Kurdish
are never ruled out by them. Japanese needs kana, one at least, so that a Chinese poem is none. Letters: N texts,
L labels of a model, G guesses of a text, K scripts, Q measures.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Int64s = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Spans = tuple[Int64s, Int64s, Int64s]

MIN_SHARE = 0.1
"""Of the bytes of a text's letters: names and code in Latin letters are more, but rule nothing out."""
NOTICED = 0.01
"""The score of an impossible language that makes a difference."""
UNKNOWN = 0
"""The group of languages whose script is not known: they are never ruled out."""
_ALIASES = {"Hang": "Kore", "Hira": "Jpan", "Kana": "Jpan", "Hrkt": "Jpan", "Aran": "Arab"}
"""Scripts as labels have them, and as `kernels.scripts` has."""
_RETIRED = {"eml": "Latn"}
"""Codes of lid.176 that ISO 639, and so CLDR, have no more."""
_TOGETHER = (("Latn", "Cyrl", "Arab"), ("Hani", "Hans", "Hant", "Bopo"))


@functools.cache
def group_of_script() -> Int64s:
    """The group of each script, by its place in `kernels.scripts.CODES`, int64[K]; `Zyyy` is in none."""
    from .kernels import scripts

    first = {code: together[0] for together in _TOGETHER for code in together}
    names = [first.get(code, code) for code in scripts.CODES]
    numbers = {name: place for place, name in enumerate(dict.fromkeys(names))}
    return np.array([numbers[name] for name in names], np.int64)


@functools.cache
def _group_of_code_point() -> npt.NDArray[np.uint8]:
    from .kernels import scripts

    return group_of_script().astype(np.uint8)[scripts.table()]


def groups_of(labels: Sequence[str]) -> Int64s:
    """The group of scripts that the language of each label is written in, int64[L].

    By the script in the label (`srp_Cyrl`), else the likeliest one of the language in Unicode's CLDR (likely subtags).
    """
    import langcodes

    from .kernels import scripts

    groups = dict(zip(scripts.CODES, group_of_script().tolist(), strict=True))
    found = []
    for label in labels:
        try:
            language = langcodes.Language.get(label)
        except ValueError:  # a label of the user's own
            found.append(UNKNOWN)
            continue
        is_known = language.is_valid()  # else CLDR says what it says of English
        script = language.script or (language.maximize().script if is_known else _RETIRED.get(label))
        found.append(groups.get(_ALIASES.get(script or "", script or ""), UNKNOWN))
    return np.array(found, np.int64)


@functools.cache
def _least_shares() -> npt.NDArray[np.float64]:
    """The share of letters that each group needs, float64[groups]: MIN_SHARE, but of kana any at all."""
    from .kernels import scripts

    of_script = group_of_script()
    found = np.full(of_script.max() + 1, MIN_SHARE)
    found[of_script[scripts.JPAN]] = np.finfo(np.float64).tiny
    return found


def possible(data: Any, spans: Spans, groups_NG: Int64s) -> Bools:
    """Whether enough of each text is written as languages of a group are, bool[N, G]; UNKNOWN always is."""
    from .kernels import scripts

    shares = scripts.shares_reached(data, *spans, _group_of_code_point(), groups_NG, _least_shares())
    return np.asarray(shares)


def impossible(data: Any, spans: Spans, groups_NG: Int64s, scores_NG: Any, main_N: Int64s) -> tuple[Int64s, Bools]:
    """Texts with a guess that matters and cannot be, int64[R], and which of their guesses cannot, bool[R, G].

    groups_NG: the group of each guess; scores_NG: its score; main_N: the place of the text's main script.
    """
    is_odd = (groups_NG != UNKNOWN) & (groups_NG != group_of_script()[main_N][:, None]) & (scores_NG >= NOTICED)
    rows = np.flatnonzero(is_odd.any(axis=1))
    is_wrong = ~possible(data, spans_of(spans, rows), groups_NG[rows])
    differs = (is_wrong & is_odd[rows]).any(axis=1)
    return rows[differs], is_wrong[differs]


def spans_of(spans: Spans, rows: Int64s) -> Spans:
    """The spans of some of the texts."""
    starts, stops, firsts = spans
    sizes = np.diff(firsts)[rows]
    ends = np.cumsum(sizes)
    places = np.repeat(firsts[:-1][rows] - (ends - sizes), sizes) + np.arange(sizes.sum())
    return starts[places], stops[places], np.append(0, ends)
