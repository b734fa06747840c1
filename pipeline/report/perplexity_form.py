"""Whether the figures of an n-gram language model have the form that the report shows, and what its sketches say.

A sketch is `width`, a bin in ten-thousandths of log10 perplexity; `bins`, the numbers of those that hold a value,
ascending; and `counts`.
"""

from __future__ import annotations

from itertools import accumulate, pairwise
from typing import Any

from .form import COUNT, FLAG, MEASURE, NAME, RATE, fits, fits_each
from .perplexity_spread import SCALE, WIDTH

SKETCH = {"width": COUNT, "bins": [COUNT], "counts": [COUNT]}
HELD_OUT = {"documents": COUNT, "tokens": COUNT, "perplexity": MEASURE, "unknown_frac": RATE}
BOUNDS = {"from": [NAME], "documents": COUNT, "document_sketch": SKETCH}
LANGUAGE = {
    "tokens": NAME,
    "order": COUNT,
    "ngrams": [COUNT],
    "discounts": [[MEASURE]],
    "fallback": [FLAG],
    **dict.fromkeys(("documents", "bytes", "n_tokens", "vocabulary"), COUNT),
    "held_out": (HELD_OUT, None),
    "bounds": (BOUNDS, None),
}
UNSERVED = {"documents": COUNT, "why": NAME}

Tree = dict[str, Any]


def has_figures(about: Tree) -> bool:
    """Whether `languages` has the figures of each; `unserved` and `file_bytes` may be there."""
    languages, unserved = about.get("languages"), about.get("unserved", {})
    return (
        isinstance(languages, dict)
        and fits_each(languages, LANGUAGE)
        and fits(about.get("file_bytes", 0), COUNT)
        and fits_each(unserved, UNSERVED)
        and all(_is_sketch(one["bounds"]["document_sketch"]) for one in languages.values() if one["bounds"])
    )


def _is_sketch(sketch: Tree) -> bool:
    bins, counts = sketch["bins"], sketch["counts"]
    return (
        sketch["width"] == WIDTH
        and len(bins) == len(counts)
        and all(low < high for low, high in pairwise(bins))
        and all(counts)
    )


def quantile(sketch: Tree, percent: float) -> float | None:
    """The log10 perplexity that so many per cent of what the sketch has seen are below; None if it has seen nothing."""
    up_to = list(accumulate(sketch["counts"], initial=0))
    wanted = percent * up_to[-1] / 100
    for bin, (low, high) in zip(sketch["bins"], pairwise(up_to), strict=True):
        if high >= wanted:
            return float((bin + (wanted - low) / (high - low)) * WIDTH / SCALE)
    return None
