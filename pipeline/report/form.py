"""Whether a value from a file that may be from anywhere has the form that the report shows.

A form is a name below, None for none, a dict of keys that must be there, a list of one form, or a tuple of
alternatives. Scoring needs no figures, so a run goes by those of a model unread; a report that does not know their form
says so instead.
"""

from __future__ import annotations

import math
from typing import Any

MOST = 10**15
"""No count is higher; that of a float is still exact."""
MOST_LETTERS = 500
"""Of a name or a short sentence."""

RATE, COUNT, MEASURE, FLAG, NAME, COUNTS = "rate", "count", "measure", "flag", "name", "counts"
"""A number from 0 to 1; an integer up to MOST; a number from 0 to MOST; a truth value; a short string; a dict of counts
by short names."""


def fits(value: Any, form: Any) -> bool:
    """Whether the value has the form."""
    if isinstance(form, tuple):
        return any(fits(value, one) for one in form)
    if isinstance(form, dict):
        return isinstance(value, dict) and all(name in value and fits(value[name], part) for name, part in form.items())
    if isinstance(form, list):
        return isinstance(value, list) and all(fits(one, form[0]) for one in value)
    if form is None:
        return value is None
    return _is(value, form)


def fits_each(values: Any, form: Any) -> bool:
    """Whether it is a dict with short names whose values all have the form."""
    return isinstance(values, dict) and all(_is(name, NAME) and fits(value, form) for name, value in values.items())


def _is(value: Any, kind: str) -> bool:
    if kind == FLAG:
        return isinstance(value, bool)
    if kind == NAME:
        return isinstance(value, str) and len(value) <= MOST_LETTERS
    if kind == COUNTS:
        return fits_each(value, COUNT)
    if kind == COUNT:
        return type(value) is int and 0 <= value <= MOST
    return type(value) in (int, float) and math.isfinite(value) and 0 <= value <= (1 if kind == RATE else MOST)
