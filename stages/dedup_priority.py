"""Which of several copies stays: the options that all dedup stages share, and the merits that they make of documents.

Letters: N documents.
"""

from __future__ import annotations

import datetime
import json
import math
import re
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipeline.batch import Batch
from pipeline.errors import OptionError
from pipeline.schema import option
from pipeline.stage import Comparison

FIRST, LONGEST, NEWEST, BEST = "first", "longest", "newest", "best"
ALL, BETWEEN_SOURCES = "all", "between_sources"
WORST = 2**63 - 1
MOST_SECONDS, LEAST_MILLISECONDS = 2**42, 10**11
NUMBER = re.compile(r"[+-]?\d+(\.\d*)?", re.ASCII)
SHORTER = re.compile(r"\d{4}(-\d\d)?", re.ASCII)
"""A year, or a month; its first day is meant."""
DAY = re.compile(r"\d{8}", re.ASCII)
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
Int64s = npt.NDArray[np.int64]


def keep_option() -> Any:
    return option(
        FIRST,
        "which copy stays: the first (of the preferred source), the longest in bytes, the newest by date, or the best "
        "by signal; ties go to the first",
        choices=(FIRST, LONGEST, NEWEST, BEST),
    )


def date_option() -> Any:
    return option(
        "",
        "for keep: newest: the field of `meta` with an ISO 8601 date (2024, 2024-05, 20240517 and longer) or seconds "
        "since 1970, from 10^11 on milliseconds; without one a document comes last",
    )


def signal_option() -> Any:
    return option("", "for keep: best: a numeric column of an earlier stage; the highest wins")


def within_option() -> Any:
    return option(
        ALL,
        "all compares all documents, between_sources only those of different sources",
        choices=(ALL, BETWEEN_SOURCES),
    )


class Priority(NamedTuple):
    """How a stage orders documents."""

    keep: str
    date: str
    signal: str

    def check(self, stage: str) -> None:
        """Raises OptionError for `date` or `signal` without what needs it, or the reverse."""
        for name, keep in (("date", NEWEST), ("signal", BEST)):
            given = getattr(self, name)
            if self.keep == keep and not given:
                raise OptionError(name, f"{stage} option '{name}' must be given with 'keep: {keep}'")
            if given and self.keep != keep:
                raise OptionError(name, f"{stage} option '{name}' has no effect without 'keep: {keep}'")

    def needs(self) -> tuple[str, ...]:
        """The columns that it asks for besides those that every document has."""
        return ("meta",) if self.keep == NEWEST else (self.signal,) if self.keep == BEST else ()

    def numeric_needs(self) -> tuple[str, ...]:
        """Those of them that must be numbers."""
        return (self.signal,) if self.keep == BEST else ()

    def found(self, stage: str, bench: Comparison, n: int) -> dict[str, Any] | None:
        """Facts about what decides: the field or column (`by`), and how many of all n documents have nothing readable
        in it (`without`); None if it is neither. Raises OptionError if no document has a date.
        """
        if self.keep not in (NEWEST, BEST):
            return None
        without = sum(bench.map("without_value", [str(shard) for shard in range(len(bench.shards))]))
        if self.keep == NEWEST and 0 < n == without:
            message = f"names a field of meta in which none of {n:,} documents has a date: '{self.date}'"
            raise OptionError("date", f"{stage} option 'date' {message}")
        return {"keep": self.keep, "by": self.date or self.signal, "without": without}

    def note(self, batch: Batch) -> None:
        """Note documents without a date, and those whose date cannot be read."""
        if self.keep == NEWEST:
            values = meta_fields(batch, self.date)
            is_missing = np.array([value in (None, "") for value in values], bool)
            batch.note(is_missing, f"without_{self.date}")
            batch.note(
                ~is_missing & np.array([_age(value) == WORST for value in values], bool), f"unreadable_{self.date}"
            )

    def merits(self, batch: Batch) -> dict[str, Int64s]:
        """`merit`, int64[N], the lowest first; nothing if the order is that of ranks."""
        if self.keep == FIRST:
            return {}
        if self.keep == LONGEST:
            return {"merit": -np.diff(batch.utf8()[1])}
        if self.keep == NEWEST:
            fields = meta_fields(batch, self.date)
            return {"merit": np.array([_age(value) for value in fields], np.int64)}
        values = batch.column(self.signal)
        if not (pa.types.is_integer(values.type) or pa.types.is_floating(values.type)):
            message = f"must name a column of numbers, and '{self.signal}' is of {values.type}"
            raise OptionError("signal", f"option 'signal' {message}")
        return {"merit": descending(values)}


def meta_fields(batch: Batch, name: str) -> list[Any]:
    """A field of each document's `meta`; None where it is not there."""
    found = []
    for text in batch.column("meta").to_pylist():
        meta = json.loads(text)
        found.append(meta.get(name) if isinstance(meta, dict) else None)
    return found


def _age(value: Any) -> int:
    """Microseconds before 1970, negative after it; WORST for what is neither a date nor a number."""
    if isinstance(value, str):
        return _age_of_text(value.strip())
    if isinstance(value, bool) or not isinstance(value, int | float):
        return WORST
    if isinstance(value, float) and not math.isfinite(value):
        return WORST
    scale = 1_000 if abs(value) >= LEAST_MILLISECONDS else 1_000_000
    most = MOST_SECONDS * 1_000_000 // scale
    return -round(min(max(value, -most), most) * scale)


def _age_of_text(text: str) -> int:
    """The same for a date or a number as text: of digits alone four are a year, eight a day."""
    if SHORTER.fullmatch(text):
        text = f"{text}-01-01"[:10]
    elif NUMBER.fullmatch(text) and not DAY.fullmatch(text):
        return _age(float(text))
    try:
        moment = datetime.datetime.fromisoformat(text)
    except ValueError:
        return WORST
    moment = moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)
    return -((moment - EPOCH) // datetime.timedelta(microseconds=1))


def descending(values: pa.Array) -> Int64s:
    """Numbers as int64[N] that ascend where they descend; what is null or no number comes last."""
    if values.type == pa.uint64():
        most = np.uint64(2**64 - 3)  # two numbers are left out: that of an index, and WORST
        numbers = values.fill_null(0).to_numpy(zero_copy_only=False)
        found = (most - np.minimum(numbers, most) + np.uint64(1) ^ np.uint64(2**63)).view(np.int64)
    elif pa.types.is_integer(values.type):
        numbers = values.cast(pa.int64()).fill_null(0).to_numpy(zero_copy_only=False)
        found = -np.maximum(numbers, -WORST)
    else:
        floats = values.cast(pa.float64(), safe=False).fill_null(math.nan).to_numpy(zero_copy_only=False)
        bits = (floats + 0.0).view(np.int64)  # so that -0.0 is 0.0
        found = np.where(np.isnan(floats), WORST, -np.where(bits < 0, -(bits & WORST), bits))
    return np.where(values.is_null().to_numpy(zero_copy_only=False), WORST, found)
