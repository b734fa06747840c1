"""What documents have as perplexities by a model that has not learned from them: for bounds, and to say how good it is.

Letters: N documents of a batch, M of them measured. All is counted in integers, so that shards add up in any order.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipeline.batch import Batch, utf8_buffers

from . import perplexity_lines, quantile_sketch
from .ngram_file import Model
from .quantile_sketch import EMPTY, QuantileSketch, sketched

Int64s = npt.NDArray[np.int64]
MILLION = 1_000_000


class Measured(NamedTuple):
    """Documents with a token, and what they add up to. sums: millionths of -log10; tokens: without the ends of lines.

    documents, lines: sketches of the perplexities of documents, and of their lines that are long enough to be judged.
    """

    documents: QuantileSketch = EMPTY
    lines: QuantileSketch = EMPTY
    sums: int = 0
    tokens: int = 0
    ends: int = 0
    unknown: int = 0

    def to_json(self) -> list[Any]:
        """What `from_json` takes."""
        return [self.documents.to_json(), self.lines.to_json(), *self[2:]]

    @property
    def perplexity(self) -> float:
        """Of all tokens and ends of lines together, two decimals."""
        return round(float(10 ** (self.sums / MILLION / max(self.tokens + self.ends, 1))), 2)


def measured(model: Model, batch: Batch, rows: Int64s) -> Measured:
    """Measure some rows of a batch."""
    data, offsets = utf8_buffers(batch.column("text").take(pa.array(rows)))
    scores = perplexity_lines.score(data, offsets, np.zeros(len(rows), np.int64), [model])
    found = perplexity_lines.totals(scores, len(rows))
    return Measured(
        sketched(found.log10s[found.tokens > 0]),
        sketched(scores.log10s[scores.are_judged]),
        int(scores.sums.sum()),
        int(scores.tokens.sum()),
        len(scores.rows),
        int(scores.unknown.sum()),
    )


def added(parts: Iterable[Measured]) -> Measured:
    """The sum of what was measured in several places."""
    parts = [Measured(), *parts]
    sketches = (quantile_sketch.merged(column) for column in ([one[place] for one in parts] for place in (0, 1)))
    return Measured(*sketches, *(sum(one[place] for one in parts) for place in range(2, 6)))


def from_json(value: list[Any]) -> Measured:
    """What `Measured.to_json` gave."""
    return Measured(*map(quantile_sketch.from_json, value[:2]), *value[2:])


def totals(shards: Iterable[Iterable[list[Any]]]) -> dict[tuple[int, str], Measured]:
    """What was measured in all shards, by the language's number and role. shards: these and `to_json` of each."""
    found: dict[tuple[int, str], list[Any]] = {}
    for number, role, value in itertools.chain.from_iterable(shards):
        found.setdefault((number, role), []).append(value)
    return {group: added(map(from_json, values)) for group, values in found.items()}


def held_out_facts(found: Measured) -> dict[str, Any] | None:
    """What is told of the documents that were held out; None if there were none."""
    if not found.documents.n:
        return None
    return {
        "documents": found.documents.n,
        "tokens": found.tokens,
        "perplexity": found.perplexity,
        "unknown_frac": round(found.unknown / found.tokens, 6),
    }


def bounds_facts(found: Measured, whose: str, sources: Iterable[str]) -> dict[str, Any]:
    """The bounds as a model's file keeps them. whose: documents; `held_out`, `corpus` or `reference`."""
    return {
        "whose": whose,
        "from": sorted(sources),
        "documents": found.documents.n,
        "document_sketch": found.documents.to_json(),
        "lines": found.lines.n,
        "line_sketch": found.lines.to_json(),
        "percentiles": found.documents.percentiles(),
    }
