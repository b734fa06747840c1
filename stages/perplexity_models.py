"""The language models that the stage `perplexity` judges by, and which of them serves a language.

Letters: N documents, M models.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pipeline.assets import asset
from pipeline.errors import OptionError, did_you_mean

from . import ngram_arpa
from .ngram_file import MAGIC, Model, about_of, refused
from .quantile_sketch import EMPTY, QuantileSketch, from_json

Int64s = npt.NDArray[np.int64]

ALL = "all"
"""What the language is called in a model that was trained without languages, and in an ARPA file."""
OTHERS = "*"
"""Stands for every language that has no model of its own."""
NO_MODEL = -1
"""The place of none."""
NO_RANK = -1
MAX_NAMES = 10
"""Languages that a message names."""


class Served(NamedTuple):
    """A model in use. documents, lines: what the perplexities of its reference are; empty if it comes without."""

    language: str
    path: str
    model: Model
    documents: QuantileSketch
    lines: QuantileSketch


class Models(NamedTuple):
    """M models, and the place of the one that serves a language, for those that are named."""

    served: tuple[Served, ...]
    by_language: dict[str, int]

    def places(self, languages: list[str]) -> Int64s:
        """The place of the model that serves each document, by its language, or NO_MODEL: int64[N]."""
        others = self.by_language.get(OTHERS, NO_MODEL)
        return np.array([self.by_language.get(code, others) for code in languages], np.int64)

    def ranks(self, places: Int64s, log10s: Int64s) -> Int64s:
        """The rank of documents among those of their models' references, in ten-thousandths, or NO_RANK: int64[N].

        places int64[N]: of their models; log10s int64[N]: their perplexities.
        """
        return _ranks([one.documents for one in self.served], places, log10s)

    def line_ranks(self, places: Int64s, log10s: Int64s) -> Int64s:
        """As `ranks`, of lines."""
        return _ranks([one.lines for one in self.served], places, log10s)

    @property
    def languages(self) -> list[str]:
        """The language of each model."""
        return [one.language for one in self.served]


def _ranks(sketches: list[QuantileSketch], places: Int64s, log10s: Int64s) -> Int64s:
    found = np.full(len(places), NO_RANK, np.int64)
    for place, sketch in enumerate(sketches):
        here = places == place
        if sketch.n:
            found[here] = sketch.rank(log10s[here])
    return found


def open_file(path: str, arpa_tokens: str) -> dict[str, Served]:
    """The models of a file by language. Raises InputError if it cannot be used."""
    path = asset(path)
    found = ngram_arpa.load(path, arpa_tokens)
    return {code: _served(code, path, model, _language(found.about, code)) for code, model in found.models.items()}


def about_file(path: str) -> dict[str, Any]:
    """What a file of ours tells of its models; others, such as ARPA files, tell nothing. Raises InputError."""
    path = asset(path)
    with open(path, "rb") as file:
        is_ours = file.read(len(MAGIC)) == MAGIC
        about = about_of(file) if is_ours else {}
    if not isinstance(about.get("languages", {}), dict):
        raise refused(path, ValueError("what it tells of languages is damaged"))
    return about


def about_language(path: str, code: str) -> dict[str, Any]:
    """What a file tells of its model of one language, or of all; nothing if it does not."""
    return _language(about_file(path), code)


def _language(about: dict[str, Any], code: str) -> dict[str, Any]:
    languages = about.get("languages")
    found = languages.get(code, languages.get(ALL)) if isinstance(languages, dict) else None
    return found if isinstance(found, dict) else {}


def _served(language: str, path: str, model: Model, about: dict[str, Any]) -> Served:
    """A model with what is known of it. Raises InputError if its bounds are none."""
    bounds = about.get("bounds")
    if bounds is None:
        return Served(language, path, model, EMPTY, EMPTY)
    try:
        if not isinstance(bounds, dict):
            raise ValueError("its bounds are no sketches")
        documents, lines = (from_json(bounds.get(name)) for name in ("document_sketch", "line_sketch"))
    except ValueError as error:
        raise refused(path, error) from error
    return Served(language, path, model, documents, lines)


def one_for(code: str, path: str, arpa_tokens: str) -> Served:
    """The model of a file that is given for one language: the one of this language, or the one of all."""
    found = open_file(path, arpa_tokens)
    one = found.get(code, found.get(ALL))
    if one is None:
        hint = did_you_mean(code, found, MAX_NAMES)
        raise OptionError("models", f"perplexity option 'models': {path} has no model of '{code}'{hint}")
    return one._replace(language=code)


def collected(
    path: str, paths: Mapping[str, str], served_by: Mapping[str, str], by_language: bool, arpa_tokens: str
) -> Models:
    """The models of a file (or of none, if its path is empty) and of those for one language each.

    Raises InputError if a file cannot be used, OptionError if it does not fit the options.
    """
    found = open_file(path, arpa_tokens) if path else {}
    if not by_language:
        if ALL not in found:
            raise OptionError("by_language", f"the model {path} is one by language: write by_language: true")
        return Models((found[ALL],), {OTHERS: 0})
    found = {code: one for code, one in found.items() if code != ALL}
    found |= {code: one_for(code, file, arpa_tokens) for code, file in paths.items()}
    if not found:
        raise OptionError("by_language", f"the model {path} knows no languages: write by_language: false")
    names = sorted(found)
    by_code = {code: names.index(code) for code in names}
    for code, target in served_by.items():
        if target not in found:
            hint = did_you_mean(target, names, MAX_NAMES)
            raise OptionError("served_by", f"perplexity option 'served_by': there is no model of '{target}'{hint}")
        by_code[code] = names.index(target)
    return Models(tuple(found[code] for code in names), by_code)
