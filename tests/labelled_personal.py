"""Labelled documents that rules are measured with; who writes rules reads neither these nor their templates.

Three sets, each written by who had not seen the rules. What rules missed in each was then described to who writes them, by
kind; recipes/LOG.md has the scores at first sight too.
Those of `labelled_third` were written last, and scored once, as they were written.
"""

from __future__ import annotations

import labelled_templates_en as english
import labelled_templates_more as more
import labelled_templates_third as third
import labelled_templates_zh as chinese
from labelled_pools import MEASURE
from labelled_templates_other import DECOYS, OTHERS
from labelled_text import Labelled
from labelled_text import labelled as made_of

TEMPLATES = [
    *english.LETTERS,
    *english.FORMS,
    *english.MACHINES,
    *english.NOTICES,
    *english.ODD,
    *chinese.FORMS,
    *chinese.PROSE,
    *chinese.MACHINES,
    *chinese.TRADITIONAL,
    *chinese.ODD,
    *OTHERS,
]
LANGUAGES = ("en", "zh", "en", "zh", "de", "en", "zh", "ja", "en", "zh", "fr", "ko", "en", "zh", "es", "ru")
THIRD_LANGUAGES = ("en", "zh")
SECOND_LANGUAGES = ("en", "zh", "en", "zh", "de", "en", "zh", "ja", "en", "zh", "fr", "ko")


def labelled(seed: int, n: int, languages: tuple[str, ...] = LANGUAGES) -> list[Labelled]:
    """n labelled documents in turn of these languages: see `labelled_text.labelled`."""
    return made_of(TEMPLATES, DECOYS, MEASURE, seed, n, languages)


def labelled_second(seed: int, n: int, languages: tuple[str, ...] = SECOND_LANGUAGES) -> list[Labelled]:
    """The same of the second set."""
    return made_of([*more.ENGLISH, *more.CHINESE, *more.OTHERS], more.DECOYS, MEASURE, seed, n, languages)


def labelled_third(seed: int, n: int, languages: tuple[str, ...] = THIRD_LANGUAGES) -> list[Labelled]:
    """The same of the third set."""
    return made_of([*third.ENGLISH, *third.CHINESE], third.DECOYS, MEASURE, seed, n, languages)
