"""What the shards measured of a tokenizer, as one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pipeline.stage import Exported

from .tokenizer_measure import Counts, Measured, counts_from_json, extremes, least, summed, used
from .tokenizer_measure_parallel import Parallel, costs
from .tokenizer_measure_sweep import default_sizes, knee, merges_of, tokens_by_size

MANY_LANGUAGES = 12
"""Languages with a curve of their own: those with the most text."""
SUMS = ("tokens", "failed", "unknown")

Tree = dict[str, Any]


def text_by_source(shards: list[Exported], sources: list[str]) -> Tree:
    """source -> language -> documents, bytes, characters and words that were measured; languages by name."""
    found: Tree = {source: {} for source in sources}
    for shard in shards:
        for group, sizes in shard.facts["text"].items():
            before = found[shard.source].get(group, dict.fromkeys(sizes, 0))
            found[shard.source][group] = {name: before[name] + n for name, n in sizes.items()}
    return {source: dict(sorted(groups.items())) for source, groups in found.items()}


def total(model: Measured, shards: list[Exported], parallel: Parallel, sizes: list[int], n_tokens: int) -> Tree:
    """All that is told of a tokenizer, JSON-ready. n_tokens: how many tokens are shown of each kind."""
    groups: dict[tuple[str, str], list[Tree]] = {}
    for source, group, one in _each(model, shards):
        groups.setdefault((source, group), []).append(one)
    counts = {key: summed([counts_from_json(one["counts"]) for one in parts]) for key, parts in groups.items()}
    everything = summed(list(counts.values()))
    by_source: Tree = {}
    for (source, group), parts in sorted(groups.items()):
        sums = {name: sum(one[name] for one in parts) for name in SUMS}
        by_source.setdefault(source, {})[group] = {**sums, "used": used(counts[source, group], model.special)}
    return {
        "sha256": model.sha256,
        "algorithm": model.algorithm,
        "vocab_size": model.vocab_size,
        "special": len(model.special),
        "is_lossless": model.is_lossless,
        "used": used(everything, model.special),
        **extremes(model.strings, everything, n_tokens),
        "failures": least([example for parts in groups.values() for one in parts for example in one["examples"]]),
        "sources": by_source,
        "sweep": _sweep(model, counts, everything, sizes),
        "parallel": costs(model, parallel),
    }


def _each(model: Measured, shards: list[Exported]) -> Iterator[tuple[str, str, Tree]]:
    for shard in shards:
        for group, one in shard.facts["models"][model.name].items():
            yield shard.source, group, one


def _sweep(model: Measured, counts: dict[tuple[str, str], Counts], everything: Counts, sizes: list[int]) -> Tree | None:
    """Tokens by size of the vocabulary, of all text and of the languages with most; None if it cannot be told."""
    merges = merges_of(model.content) if model.is_lossless else None
    if merges is None:
        return None
    last = merges.last
    chosen = sorted({*(size for size in sizes if size < last), last}) if sizes else default_sizes(merges)
    by_group: dict[str, list[Counts]] = {}
    for (_, group), one in counts.items():
        by_group.setdefault(group, []).append(one)
    groups = {group: summed(parts) for group, parts in by_group.items()}
    heaviest = sorted(groups, key=lambda group: (-int(groups[group].times.sum()), group))[:MANY_LANGUAGES]
    found = tokens_by_size(merges, [everything, *(groups[group] for group in heaviest)], chosen)
    curves = [{"tokens": tokens, "knee": knee(chosen, tokens)} for tokens in found]
    return {"sizes": chosen, "all": curves[0], "groups": dict(zip(heaviest, curves[1:], strict=True))}
