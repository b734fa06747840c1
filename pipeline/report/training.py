"""What the ablation came to, as plain JSON-ready values in the order in which the report shows them."""

from __future__ import annotations

from statistics import fmean
from typing import Any

from pipeline import storage

MAX_EPOCHS = 4
"""Repeating text more often than this teaches less and less (Muennighoff et al. 2023, arXiv 2305.16264)."""
MAX_POINTS = 150
"""Of a loss curve; neighbouring points are averaged beyond that."""

Tree = dict[str, Any]


def ablation_facts(run: str) -> Tree | None:
    """The verdict first, then every mixture, the best first; None if the run has no ablation."""
    path = storage.join(run, "out", "ablation", "ablation.json")
    if not storage.exists(path):
        return None
    found, timing_path = storage.read_json(path), storage.join(run, "out", "ablation", "timing.json")
    timing = storage.read_json(timing_path) if storage.exists(timing_path) else {}
    verdict, runs = found["verdict"], found["runs"]
    ranked = [verdict["best"], *verdict["others"]]
    return {
        "objective": {source: weight for source, weight in verdict["objective"].items() if weight},
        "verdict": verdict["verdict"],
        "best": verdict["best"],
        "resolved": verdict["resolved"],
        "confidence": verdict["confidence"],
        "noise": verdict["noise"],
        "noise_shares": _noise_shares(verdict),
        "margin": _widest(verdict),
        "data": found["data"],
        "left_out": found["left_out"],
        "tokens": found["tokens"],
        "seeds": verdict["seeds"],
        "sequence_tokens": found["sequence_tokens"],
        "train": found["train"],
        "threads": sorted({one["threads"] for one in runs}),
        "devices": sorted({one["device"] for one in runs}),
        "versions": runs[0]["versions"],
        "mixtures": {name: _mixture(name, found, timing) for name in ranked},
        "sources": {source: _source(source, found) for source in verdict["sources"]},
        "total": {
            "runs": len(runs),
            "flops": sum(one["flops"] for one in runs),
            "seconds": sum(one["seconds"] for one in timing.values()) if timing else None,
        },
    }


def _margin(other: Tree) -> float | None:
    """Half the width of the interval of a difference to the best; None if the noise is not known."""
    return None if other["high"] is None else other["high"] - other["difference"]


def _apart(other: Tree) -> Tree:
    return {
        "difference": other["difference"],
        "standard_error": other.get("standard_error"),
        "margin": _margin(other),
    }


def _widest(compared: Tree) -> float | None:
    """The widest of all margins."""
    margins = [margin for other in compared["others"].values() if (margin := _margin(other)) is not None]
    return max(margins, default=None)


def _noise_shares(verdict: Tree) -> dict[str, float]:
    """How much of the noise that the best mixture's group pools is each mixture's; empty without noise."""
    if verdict["noise"] is None:
        return {}
    squares = {name: verdict["mixtures"][name]["std"] ** 2 for name in verdict["noise"]["mixtures"]}
    total = sum(squares.values())
    return {name: square / total for name, square in squares.items()} if total else {}


def _standing(name: str, compared: Tree) -> str:
    """How a mixture compares with the best, in words."""
    if name == compared["best"]:
        return "best" if compared["resolved"] else "ahead"
    return "worse" if compared["others"][name]["resolved"] else "not resolved"


def _mixture(name: str, found: Tree, timing: Tree) -> Tree:
    """All about one mixture; what differs between its seeds is their mean."""
    verdict, about = found["verdict"], found["mixtures"][name]
    runs = [one for one in found["runs"] if one["mixture"] == name]
    times = [timing[key] for one in runs if (key := f"{name}-{one['seed']}") in timing]
    other = verdict["others"].get(name, {"difference": 0.0, "high": None})
    sources = found["verdict"]["sources"]
    return {
        "standing": _standing(name, verdict),
        **verdict["mixtures"][name],
        **_apart(other),
        "by_source": {source: _standing(name, compared) for source, compared in sources.items()},
        "weights": dict(sorted(about["weights"].items())),
        "missing_tags": about["missing_tags"],
        "cited": about["cited"],
        "without": about["without"],
        "also": about["also"],
        "parameters": runs[0]["parameters"],
        "flops": fmean(one["flops"] for one in runs),
        "tokens": fmean(one["tokens"] for one in runs),
        "short_tokens": max(one["short_tokens"] for one in runs),
        "capped": sorted({source for one in runs for source in one["capped"]}),
        "coarse": sorted({source for one in runs for source in one["coarse"]}),
        "time": {key: fmean(one[key] for one in times) for key in _TIMES} if times else None,
        "served": {source: _served(source, runs) for source in sorted(about["weights"])},
        "curves": {str(one["seed"]): _thinned(one["curve"]) for one in runs},
    }


_TIMES = ("seconds", "tokens_per_second", "peak_memory_bytes")


def _served(source: str, runs: list[Tree]) -> Tree:
    """Planned against served tokens of one source; epochs: the most of any seed."""
    nothing = {"tokens": 0, "epochs": 0.0}
    served = [one["served"].get(source, nothing) for one in runs]
    return {
        "planned": fmean(one["planned"].get(source, 0) for one in runs),
        "tokens": fmean(one["tokens"] for one in served),
        "epochs": max(one["epochs"] for one in served),
        "too_often": any(one["epochs"] > MAX_EPOCHS for one in served),
    }


def _thinned(curve: list[list[float]]) -> list[list[float]]:
    """At most MAX_POINTS points: means of as many neighbours each, placed where the last of them is."""
    step = -(-len(curve) // MAX_POINTS)
    groups = [curve[begin : begin + step] for begin in range(0, len(curve), step)] if curve else []
    return [[group[-1][0], fmean(loss for _, loss in group)] for group in groups]


def _source(source: str, found: Tree) -> Tree:
    """Which mixture is best for one source alone, and on how much text that was measured."""
    compared = found["verdict"]["sources"][source]
    held_out = found["runs"][0]["validation"][source]
    open_ones = [item for item in compared["others"].items() if not item[1]["resolved"]]
    runner_up = next(iter([*open_ones, *compared["others"].items()]), None)  # the one that the verdict hangs on
    return {
        "weight": found["verdict"]["objective"].get(source, 0.0),
        "best": compared["best"],
        "resolved": compared["resolved"],
        "bits_per_byte": found["verdict"]["mixtures"][compared["best"]]["sources"][source],
        "second": runner_up and {"mixture": runner_up[0], **_apart(runner_up[1])},
        "margin": _widest(compared),
        "bytes": held_out["bytes"],
        "tokens": held_out["tokens"],
    }


def apart(ablation: Tree) -> str:
    """Which mixtures' noise is measured apart, and why; empty if none is."""
    together = ablation["noise"]["mixtures"]
    others = [name for name in ablation["mixtures"] if name not in together]
    if not others:
        return ""
    return (
        f"That is the noise of {', '.join(together)}; {', '.join(others)}, which do not hold the same of the sources"
        " that count, differ more or less between seeds and are measured apart."
    )


def remarks(ablation: Tree) -> list[str]:
    """What a reader has to know of the names: variants, mixtures that are the same, and what is left out."""
    told = []
    for name, one in ablation["mixtures"].items():
        if one["without"]:
            told.append(
                f"{name}: the corpus made without {', '.join(one['without'])}, mixed as it comes; validated on the"
                " documents that the others are validated on."
            )
        if one["also"]:
            told.append(f"{name} is also {', '.join(one['also'])}: the same weights of the same text, trained once.")
    if ablation["left_out"]:
        told.append(f"Left out, for there is no text to train on: {', '.join(ablation['left_out'])}.")
    return told
