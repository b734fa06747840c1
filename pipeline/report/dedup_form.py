"""Whether what stages tell of duplicates, and of benchmarks in the corpus, has the form that the report shows."""

from __future__ import annotations

from typing import Any

from .form import COUNT, COUNTS, FLAG, NAME, RATE, fits, fits_each

N_HUNDREDTHS = 101
"""Counts of similarities: 0 up to 0.01, 0.01 up to 0.02, ..., and 1."""
BANDING = {"bands": COUNT, "rows": COUNT, "threshold": RATE, "verify": NAME}
PAIRS = {
    "compared": COUNT,
    "verified": COUNT,
    "rounds": COUNT,
    "left": COUNT,
    "undecided": COUNT,
    "similarities": [COUNT],
}
CLUSTER = {"kept": NAME, "size": COUNT, "sources": COUNTS, "least_similarity": (RATE, None)}
DEDUP = {
    "level": NAME,
    "by": (NAME, None),
    "banding": (BANDING, None),
    **dict.fromkeys(("items", "without_key", "short", "left"), COUNT),
    "pairs": (PAIRS, None),
    "clusters": {"n": COUNT, "items": COUNT, "removed": COUNT, "sizes": COUNTS, "largest": [CLUSTER]},
    "far": (COUNT, None),
    "sources": [NAME],
    "matrix": [[COUNT]],
    "index": (dict.fromkeys(("documents", "removed", "same_uid", "files"), COUNT), None),
}
SENTENCE = {
    "unit": NAME,
    "window": COUNT,
    "near": FLAG,
    "cut": {"items": COUNT, "bytes": COUNT},
    "most_copied": [{"uid": NAME, "start": COUNT, "stop": COUNT, "copies": COUNT}],
}
BENCHMARK = dict.fromkeys(("items", "ngrams", "short", "templates", "templated"), COUNT)

Tree = dict[str, Any]


def has_duplicates(about: Tree) -> bool:
    """Whether facts of the kind `dedup` have what is shown of any level, and of sentences what is shown of these.

    about: with `sides`, whatever that is.
    """
    if not fits(about, SENTENCE if about.get("level") == "sentence" else {}) or not fits(about, DEDUP):
        return False
    banding, pairs, sides, side = about["banding"], about["pairs"], about["sides"], len(about["sources"])
    return (
        (banding is None or banding["bands"] > 0 < banding["rows"])
        and (pairs is None or len(pairs["similarities"]) == N_HUNDREDTHS)
        and (sides is None or fits_each(sides, COUNTS))
        and [len(row) for row in about["matrix"]] == [side] * side
    )


def has_benchmarks(about: Tree) -> bool:
    """Whether facts of the kind `decontaminate` have what is shown."""
    return fits(about, {"ngram_words": COUNT}) and fits_each(about.get("benchmarks"), BENCHMARK)
