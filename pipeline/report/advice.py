"""What to do next, computed from the facts of the report: sentences, the most pressing first."""

from __future__ import annotations

import math
import shlex
from statistics import NormalDist
from typing import Any

from .packing import MIN_BYTES, MIN_DOCUMENTS
from .training import MAX_EPOCHS

MOST_SEEDS = 40
"""More than this many runs of each mixture is no advice."""

MIN_TO_COMPARE = 4
OUTLYING_SHARE = 0.73
"""Of the noise: by chance, one of 4 mixtures with 2 seeds has it 5 times in 100, of more less often (Grubbs 1950)."""

READING = {
    "docs/recipe.md": "sections of a recipe, the ablation among them",
    "recipes/REFERENCE.md": "every option",
    "docs/data-format.md": "the folders of tokens and packed sequences",
    "docs/data-loader.md": "how to feed a training loop of your own",
    "docs/feeding-trainers.md": "how to feed nanoGPT, Megatron-LM, torchtitan and datasets",
    "docs/gpu.md": "the same on a machine with a GPU",
}
"""Pages of the project, by what they tell."""

Tree = dict[str, Any]


def next_steps(name: str, ablation: Tree | None, packing: Tree | None) -> list[dict[str, str]]:
    """`text` and, where there is one, `command` of each step; none if the run has no tokens.

    name: the run folder, as it is written in a command.
    """
    steps = []
    if ablation is not None:
        steps += [
            *_noisy(ablation),
            *_unresolved(ablation),
            *_by_source(ablation),
            *_repeated(ablation),
            *_short(ablation),
        ]
    if packing is not None:
        steps += _small(packing)
        if ablation is None:
            steps.append(
                "Compare mixtures: a section “ablation” in the recipe, with an “objective”, trains a small model on"
                " each."
            )
    told = [{"text": text, "command": ""} for text in steps]
    if ablation is None or packing is None:
        return told
    without = ablation["mixtures"][ablation["best"]]["without"]
    return [*told, _drop(without) if without else _mix(name, ablation, packing)]


def _drop(without: list[str]) -> dict[str, str]:
    """What a variant that is ahead asks for."""
    stages = ", ".join(without)
    return {"text": f"Run the recipe without {stages}: the variant that is ahead has it left out.", "command": ""}


def seeds_needed(difference: float, std: float, n_mixtures: int, confidence: float, at_least: int = 2) -> int | None:
    """About how many seeds, `at_least` so many, tell a difference of means apart at this noise; None beyond MOST_SEEDS.

    std: of a run, what mixture and seed leave unexplained. With S seeds the margin is t std sqrt(2 / S), t of
    Student's distribution for one of all pairs of mixtures (Bonferroni: some percent above Tukey's studentized range).
    """
    tail = (1 - confidence) / (n_mixtures * (n_mixtures - 1))
    for seeds in range(at_least, MOST_SEEDS + 1):
        if _student(1 - tail, (n_mixtures - 1) * (seeds - 1)) * std * math.sqrt(2 / seeds) < difference:
            return seeds
    return None


def _student(probability: float, freedom: int) -> float:
    """The quantile of Student's t: the expansion by 1 / freedom (Abramowitz and Stegun 26.7.5), exact for 1 and 2."""
    if freedom == 1:
        return math.tan(math.pi * (probability - 0.5))
    if freedom == 2:
        return (2 * probability - 1) / math.sqrt(2 * probability * (1 - probability))
    x = NormalDist().inv_cdf(probability)
    terms = (
        (x**3 + x) / 4,
        (5 * x**5 + 16 * x**3 + 3 * x) / 96,
        (3 * x**7 + 19 * x**5 + 17 * x**3 - 15 * x) / 384,
        (79 * x**9 + 776 * x**7 + 1482 * x**5 - 1920 * x**3 - 945 * x) / 92_160,
    )
    return x + math.fsum(term / freedom**power for power, term in enumerate(terms, start=1))


def _unresolved(ablation: Tree) -> list[str]:
    """How to get a verdict where there is none."""
    mixtures = ablation["mixtures"]
    if ablation["resolved"] or len(mixtures) < 2:
        return [] if ablation["resolved"] else ["Name a second mixture in the ablation: there is nothing to compare."]
    if ablation["noise"] is None:
        return ["Set “seeds: 2” or more in the ablation: one run of each mixture says nothing about noise."]
    name, other = next((name, one) for name, one in mixtures.items() if one["standing"] == "not resolved")
    n_seeds, difference = len(ablation["seeds"]), other["difference"]
    std = other["standard_error"] * math.sqrt(n_seeds / 2)  # of a run, as this pair differs between seeds
    seeds = seeds_needed(difference, std, len(mixtures), ablation["confidence"], n_seeds + 1)
    apart = (
        f"{name} is {difference:.4f} bits per byte behind {ablation['best']}, and the noise of a run is {std:.4f}"
        f" (standard deviation, over {n_seeds} seeds)"
    )
    if seeds is None:
        return [
            f"Treat {name} and {ablation['best']} as equal at this size: {apart}; more than {MOST_SEEDS} seeds would be"
            " needed to tell. Train with more tokens, or decide by something else."
        ]
    return [f"Set “seeds: {seeds}” or more tokens in the ablation: {apart}; about so many seeds would tell."]


def _noisy(ablation: Tree) -> list[str]:
    """One mixture whose seeds differ far more than those of all others, where one noise measures all of them."""
    shares = ablation["noise_shares"]
    if ablation["resolved"] or len(shares) < MIN_TO_COMPARE:
        return []
    name, share = max(shares.items(), key=lambda item: item[1])
    if share < OUTLYING_SHARE or name == ablation["best"]:
        return []
    return [
        f"Compare without {name}: {100 * share:.0f} % of the noise is its alone, and makes the intervals of all others"
        " as wide."
    ]


def _by_source(ablation: Tree) -> list[str]:
    best: dict[str, list[str]] = {}
    for source, about in ablation["sources"].items():
        best.setdefault(about["best"], []).append(source)
    if len(best) < 2:
        return []
    told = "; ".join(f"{name} on {', '.join(sources)}" for name, sources in best.items())
    return [
        f"Look at the objective again: no mixture is best on every source, so its weights decide. Lowest are {told}."
    ]


def _repeated(ablation: Tree) -> list[str]:
    found = {
        f"{source} in {name} ({served['epochs']:.1f} times)"
        for name, mixture in ablation["mixtures"].items()
        for source, served in mixture["served"].items()
        if served["too_often"]
    }
    if not found:
        return []
    return [
        f"Collect more text or train with fewer tokens: seen more than {MAX_EPOCHS} times were "
        f"{', '.join(sorted(found))}. Text repeated more often teaches less and less (arXiv 2305.16264)."
    ]


def _short(ablation: Tree) -> list[str]:
    short = {name: mixture["short_tokens"] for name, mixture in ablation["mixtures"].items() if mixture["short_tokens"]}
    if not short:
        return []
    told = ", ".join(f"{name} {n_tokens:,}" for name, n_tokens in short.items())
    return [
        f"Train with fewer tokens, or allow more epochs (“max_epochs”): runs are not of equal length, as some mixtures"
        f" lack tokens of the budget: {told}."
    ]


def _small(packing: Tree) -> list[str]:
    there = {
        name: one
        for name, one in packing["sources"].items()
        if one["train"]["documents"] or one["validation"]["documents"]
    }
    empty = [name for name, one in there.items() if not one["validation"]["sequences"]]
    small = [name for name, one in there.items() if one["validation_is_small"] and name not in empty]
    steps = []
    if empty:
        steps.append(
            f"Hold out text of {', '.join(empty)} (“validation_frac” of the stage split): there is none to validate on."
        )
    if small:
        steps.append(
            f"Hold out more of {', '.join(small)} (“validation_frac” of the stage split): what there is, less than"
            f" {MIN_DOCUMENTS} documents or {MIN_BYTES // 1000} kB, says little about a source."
        )
    return steps


def _mix(name: str, ablation: Tree, packing: Tree) -> dict[str, str]:
    """The command that writes the corpus of the mixture that is ahead, as large as it can be without much repeated."""
    best = ablation["best"]
    weights = ablation["mixtures"][best]["weights"]
    there = {source: about["train"]["tokens"] for source, about in packing["sources"].items()}
    most = min(MAX_EPOCHS * there[source] / weight for source, weight in weights.items() if weight > 0)
    n_tokens = _rounded_down(most)
    text = (
        f"Write the big run’s corpus of {best}"
        f"{'' if ablation['resolved'] else ', the mixture that is ahead,'} to train on. Up to {n_tokens:,} tokens,"
        f" no source is seen more than {MAX_EPOCHS} times."
    )
    command = f"corpusmill mix {shlex.quote(name)} --mixture {shlex.quote(best)} --tokens {n_tokens}"
    return {"text": text, "command": command}


def _rounded_down(value: float) -> int:
    """To two digits."""
    digits = str(int(value))
    return int(digits[:2].ljust(len(digits), "0"))
