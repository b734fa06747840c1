"""What a run with stages that compare, and one that looks for benchmarks, has in `out/`, made up by hand.

Letters: N documents. Twenty sources, a cluster of many, near copies that are far from the one kept, sentences that are
copied everywhere, and benchmarks of which one is in the corpus as a whole.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
from made_up_judges import ledger_of
from made_up_run import LENGTHS, sliced, write_json
from made_up_shards import histograms_of, write_rows

HOSTILE_SOURCE = "<img src=x onerror=\"document.title='owned'\">"
SOURCES = (
    "docs", "wikipedia", "common_crawl_2024_10", "common_crawl_2024_18", "common_crawl_2024_22", "论坛", "新闻", "books",
    "code", HOSTILE_SOURCE, "subtitles", "patents", "papers", "forum_posts_de", "forum_posts_fr", "recipes", "laws",
    "mail_lists", "question_answers", "\u202etxt.exe",
)  # fmt: skip
"""In order of priority."""
DOCUMENT, EXACT, SENTENCE, NONE, SEARCH, SCRUB = (
    "dedup_document", "dedup_exact", "dedup_sentence", "dedup_again", "decontaminate", "toy_scrub"
)  # fmt: skip
LIMIT = 0.8
OLD_TWIN = "f" * 32
"""The uid of a document of an earlier run."""
BENCHMARKS = {
    "gsm8k": {"items": 43, "ngrams": 2310, "short": 4, "templates": 12, "templated": 3},
    "小学数学 <b>": {"items": 500, "ngrams": 8000, "short": 0, "templates": 0, "templated": 0},
    "hellaswag": {"items": 0, "ngrams": 0, "short": 0, "templates": 0, "templated": 0},
}
SIGNALS = {
    f"{DOCUMENT}_cluster_size": pa.int32(), f"{DOCUMENT}_similarity": pa.float32(),
    f"{DOCUMENT}_kept_similarity": pa.float32(), f"{DOCUMENT}_neighbour": pa.string(),
    f"{SENTENCE}_n_edits": pa.int32(), f"{SENTENCE}_orphans": pa.int32(),
    f"{SEARCH}_hits": pa.int32(), f"{SEARCH}_item_frac": pa.float32(), f"{SEARCH}_benchmark": pa.string(),
    f"{SEARCH}_item": pa.int32(), f"{SEARCH}_items": pa.string(), f"{SEARCH}_covered_frac": pa.float32(), f"{SEARCH}_n_edits": pa.int32(), f"{SCRUB}_n_edits": pa.int32(),
}  # fmt: skip
REASONS = {EXACT: "exact_duplicate", DOCUMENT: "near_duplicate", SENTENCE: "too_short", SEARCH: "contaminated"}
LABELS = (EXACT, DOCUMENT, SENTENCE, NONE, SEARCH)
ENGLISH = "<script>document.title='owned'</script> The {}. house at the river was built by the people of the town. "
CHINESE = "第{}座房子在河边，是城里的人建的。`|** [x](javascript:alert(1)) "
BANDING = {
    "minima": 112, "bands": 14, "rows": 8, "threshold": LIMIT, "signature": "fast", "verify": "exact",
    "cluster": "connected", "shingle_words": 5, "shingle_chars": 8,
}  # fmt: skip


def text_of(number: int) -> str:
    """The text of the document of a number, longer than what is shown."""
    return (CHINESE if number % 3 == 0 else ENGLISH).format(number) * 25


def uid_of(number: int) -> str:
    return f"{number * 7919 % 1_000_003:032x}"


def made_up_columns(n: int, seed: int = 0) -> dict[str, np.ndarray]:
    """Columns of N documents, with `stage` (empty for survivors) and what rows say of drops; documents of a cluster
    have a `cluster`, the number of the one that was kept."""
    random = np.random.default_rng(seed)
    weights = 1 / np.arange(1, len(SOURCES) + 1) ** 0.7
    source = random.choice(len(SOURCES), n, p=weights / weights.sum())
    source.sort()  # by rank
    kept = np.arange(n)
    for first, size in ((n // 50, n // 20), *((int(n * random.random()), 2 + int(random.pareto(1.1))) for _ in range(n // 12))):  # fmt: skip
        others = random.integers(min(first + 1, n - 1), n, size - 1)
        kept[others] = np.where(kept[others] == others, kept[first], kept[others])
    kept = np.where(kept == np.arange(n), kept, kept[kept])
    is_copy = kept != kept[kept]
    kept[is_copy] = kept[kept[is_copy]]
    is_copy = kept != np.arange(n)
    exactly = is_copy & (random.random(n) < 0.3)
    near = is_copy & ~exactly
    later = ~is_copy & ~np.isin(np.arange(n), kept[is_copy])
    too_short = later & (random.random(n) < 0.02)
    hit = later & ~too_short & (random.random(n) < 0.03)
    stage = np.select(
        [exactly, near, too_short, hit & (random.random(n) < 0.6)], [EXACT, DOCUMENT, SENTENCE, SEARCH], ""
    )
    found = {"source": np.array(SOURCES, object)[source], "cluster": kept, "stage": stage.astype(object)}
    return {**found, **_drops(random, kept, stage), **_sentences(random, stage), **_hits(random, hit, source)}


def _drops(random: np.random.Generator, kept: np.ndarray, stage: np.ndarray) -> dict[str, np.ndarray]:
    n = len(kept)
    near, uids = stage == DOCUMENT, np.array([uid_of(number) for number in range(n)], object)
    similarity = np.where(near, np.round(LIMIT + 0.2 * random.random(n) ** 2, 4), 0).astype(np.float32)
    is_far = near & (random.random(n) < 0.15)
    kept_similarity = np.where(is_far, np.round(0.3 + 0.45 * random.random(n), 4), similarity).astype(np.float32)
    is_copy = (stage == EXACT) | near
    twin = np.where(is_copy, uids[kept], "")
    twin[np.flatnonzero(near)[::40]] = OLD_TWIN
    sizes = np.bincount(kept[near | ~is_copy], minlength=n)[kept]
    return {
        "uid": uids,
        "reason": np.array([REASONS.get(one, "") for one in stage], object),
        "value": np.where(near, similarity, np.where(stage == SENTENCE, 3, np.nan)),
        "limit": np.where(near, LIMIT, np.where(stage == SENTENCE, 20, np.nan)),
        "twin": twin,
        f"{DOCUMENT}_cluster_size": np.where(near | ~is_copy, sizes, 0).astype(np.int32),
        f"{DOCUMENT}_similarity": similarity,
        f"{DOCUMENT}_kept_similarity": kept_similarity,
        f"{DOCUMENT}_neighbour": np.where(near, np.where(is_far, uids[np.maximum(kept - 1, 0)], twin), ""),
    }


def _sentences(random: np.random.Generator, stage: np.ndarray) -> dict[str, np.ndarray]:
    n = len(stage)
    edits = np.where((stage == "") & (random.random(n) < 0.2), random.integers(1, 9, n), 0)
    orphans = np.where(stage == SENTENCE, random.integers(0, 4, n), 0)
    return {f"{SENTENCE}_n_edits": edits.astype(np.int32), f"{SENTENCE}_orphans": orphans.astype(np.int32)}


def _hits(random: np.random.Generator, hit: np.ndarray, source: np.ndarray) -> dict[str, np.ndarray]:
    """gsm8k is found as a whole in two sources; the other benchmark in a few documents."""
    n, names = len(hit), np.array(list(BENCHMARKS), object)
    is_first = source % 2 == 0
    items = np.where(is_first, random.integers(0, 36, n), random.integers(0, 12, n))
    own = [{str(names[0 if one else 1]): 1 + number % 3} for number, one in enumerate(is_first)]
    both = [{**one, str(names[1]): 2} if number % 5 == 0 else one for number, one in enumerate(own)]
    told = np.array([json.dumps(one, ensure_ascii=False) for one in both], object)
    return {
        f"{SEARCH}_items": np.where(hit, told, ""),
        f"{SEARCH}_hits": np.where(hit, random.integers(1, 40, n), 0).astype(np.int32),
        f"{SEARCH}_item_frac": np.where(hit, np.round(random.beta(2, 2, n), 4), 0).astype(np.float32),
        f"{SEARCH}_benchmark": np.where(hit, np.where(is_first, names[0], names[1]), ""),
        f"{SEARCH}_item": np.where(hit, items, -1).astype(np.int32),
        f"{SEARCH}_covered_frac": np.where(hit, np.round(random.beta(1, 4, n), 4), 0).astype(np.float32),
        f"{SEARCH}_n_edits": np.where(hit & (random.random(n) < 0.5), 1, 0).astype(np.int32),
        f"{SCRUB}_n_edits": np.zeros(n, np.int32),
    }


def matrix_of(columns: dict[str, np.ndarray], label: str) -> list[list[int]]:
    """What a stage says of sources: [kept][removed]."""
    names, here = list(SOURCES), np.flatnonzero(columns["stage"] == label)
    counts = np.zeros((len(names), len(names)), int)
    for number in here:
        counts[names.index(columns["source"][columns["cluster"][number]]), names.index(columns["source"][number])] += 1
    return counts.tolist()


def clusters_of(columns: dict[str, np.ndarray], label: str) -> dict:
    """What a stage says of its clusters."""
    here = columns["stage"] == label
    members: dict[int, list[int]] = {}
    for number in np.flatnonzero(here):
        members.setdefault(int(columns["cluster"][number]), []).append(int(number))
    sizes: Counter = Counter()
    for rest in members.values():
        power = len(rest).bit_length() - (len(rest) & (len(rest) - 1) == 0)
        sizes["2" if power == 0 else f"{2**power + 1}-{2 ** (power + 1)}"] += 1
    largest = []
    for first, rest in sorted(members.items(), key=lambda item: -len(item[1]))[:20]:
        everyone = columns["source"][[first, *rest]]
        least = columns[f"{DOCUMENT}_kept_similarity"][rest].min() if label == DOCUMENT else 1
        largest.append({"kept": uid_of(first), "size": 1 + len(rest), "sources": dict(Counter(everyone)), "least_similarity": round(float(least), 4)})  # fmt: skip
    n = int(here.sum())
    return {"n": len(members), "items": n + len(members), "removed": n, "sizes": dict(sizes), "largest": largest}


def similarities() -> list[int]:
    """Pairs by hundredths: many at the ends, many just below the threshold."""
    counts = [
        int(3 + 4000 * np.exp(-((place - 76) ** 2) / 40) + (40 * place if place >= 80 else 0)) for place in range(100)
    ]
    return [*([0] * 30), *counts[30:], 250_000]


def facts_of(columns: dict[str, np.ndarray]) -> dict[str, dict]:
    """Label -> the content of its facts."""
    n, zero = len(columns["uid"]), [[0] * len(SOURCES) for _ in SOURCES]
    common = {"kind": "dedup", "without_key": 12, "short": 0, "sources": list(SOURCES), "sides": None, "index": None}
    counts = similarities()
    pairs = {"compared": sum(counts), "verified": sum(counts[80:]), "rounds": 3, "left": 17, "similarities": counts}
    exact = {**common, "level": "exact", "by": "text", "banding": None, "items": n, "pairs": None, "far": 0}
    near = columns["stage"] == DOCUMENT
    far = int((near & (columns[f"{DOCUMENT}_kept_similarity"] < np.float32(LIMIT))).sum())
    left = n - int((columns["stage"] == EXACT).sum())
    document = {
        **common,
        "level": "document",
        "by": "words",
        "banding": BANDING,
        "items": left,
        "short": 31,
        "pairs": pairs,
        "far": far,
    }
    document |= {
        "sides": {"train": {"train": 300, "validation": 7}, "validation": {"train": 2, "validation": 4}},
        "index": {"documents": 1_234_567, "removed": 31, "same_uid": 7, "files": 4},
    }  # fmt: skip
    nothing = {"n": 0, "items": 0, "removed": 0, "sizes": {}, "largest": []}
    none = {
        **document,
        "items": 0,
        "without_key": 0,
        "short": 0,
        "far": 0,
        "index": None,
        "sides": {},
        "clusters": nothing,
        "matrix": zero,
    }
    none["pairs"] = {"compared": 0, "verified": 0, "rounds": 0, "left": 0, "similarities": [0] * 101}
    return {
        EXACT: {**exact, "clusters": clusters_of(columns, EXACT), "matrix": matrix_of(columns, EXACT)},
        DOCUMENT: {**document, "clusters": clusters_of(columns, DOCUMENT), "matrix": matrix_of(columns, DOCUMENT)},
        SENTENCE: {**common, **_sentence_facts(columns)},
        NONE: none,
        SEARCH: {"kind": "decontaminate", "ngram_words": 13, "ngram_chars": 21, "benchmarks": BENCHMARKS},
    }  # fmt: skip


def copied_places(columns: dict[str, np.ndarray]) -> list[tuple[int, int, int]]:
    """Document, start and stop of sentences that are copied most; one document was edited, one dropped."""
    survivors = np.flatnonzero((columns["stage"] == "") & (columns[f"{SENTENCE}_n_edits"] == 0))[:3].tolist()
    edited = int(np.flatnonzero((columns["stage"] == "") & (columns[f"{SENTENCE}_n_edits"] > 0))[0])
    gone = int(np.flatnonzero(columns["stage"] == SEARCH)[0])
    return [(number, 3, 3 + 60 * (place + 1)) for place, number in enumerate([*survivors, edited, gone])]


def _sentence_facts(columns: dict[str, np.ndarray]) -> dict:
    random = np.random.default_rng(5)
    matrix = np.triu(random.pareto(0.6, (len(SOURCES), len(SOURCES))) * 20).astype(int)
    clusters = {"n": 40_000, "items": 700_000, "removed": 660_000, "sizes": {"2": 30_000, "3-4": 8000, "5-8": 1500, "1025-2048": 12, "524289-1048576": 1}, "largest": []}  # fmt: skip
    copied = [
        {"uid": uid_of(number), "start": start, "stop": stop, "copies": 90_000 // (place + 1)}
        for place, (number, start, stop) in enumerate(copied_places(columns))
    ]
    return {
        "level": "sentence", "unit": "sentences", "window": 3, "near": False, "banding": None, "pairs": None, "far": None,
        "items": 9_000_000, "clusters": clusters, "matrix": matrix.tolist(), "most_copied": copied,
        "left": 12, "cut": {"items": 30_000, "bytes": 2_345_678},
    }  # fmt: skip


def add_dedup(folder: Path, n: int = 4000, n_shards: int = 3) -> dict[str, np.ndarray]:
    """Give a run folder the stages of LABELS; returns the columns."""
    out, columns = folder / "out", made_up_columns(n)
    write_shards(out, columns, n_shards)
    ledger, slices, signals, manifest = (
        json.loads((out / f"{name}.json").read_text(encoding="utf-8")) for name in ("ledger", "slices", "signals", "manifest")
    )  # fmt: skip
    lengths = np.random.default_rng(2).choice(np.array(list(LENGTHS), object), n, p=list(LENGTHS.values()))
    here, steps = np.ones(n, bool), []
    for label in LABELS:
        failed = columns["stage"] == label
        values = {"all": np.full(n, "all", object), "source": columns["source"], "length": lengths}
        values["language"] = columns[f"{SEARCH}_benchmark"]
        found = sliced({name: of[here] for name, of in values.items()}, failed[here, None], [REASONS.get(label, "none")])  # fmt: skip
        benchmarks = found.pop("language")
        slices[label] = found | ({"benchmark": benchmarks} if label == SEARCH else {})
        ledger[label] = {source: ledger_of(one) for source, one in found["source"].items()}
        measured = {"benchmark": f"{SEARCH}_benchmark"} if label == SEARCH else {}
        steps.append({"label": label, "stage": label, "version": 1, "options": {}, "limits": [], "slices": measured, "facts": f"{label}.json"})  # fmt: skip
        here &= ~failed
    steps.append({**steps[-1], "label": SCRUB, "stage": SCRUB, "slices": {}, "facts": None})
    for label, facts in facts_of(columns).items():
        write_json(out / f"{label}.json", facts)
    write_json(out / "ledger.json", ledger)
    write_json(out / "slices.json", slices)
    write_json(out / "signals.json", {**signals, **histograms_of(columns, SIGNALS, _stage_of)})
    write_json(out / "manifest.json", {**manifest, "scrubbed_by": SCRUB, "steps": [*manifest["steps"], *steps]})
    return columns


def write_shards(out: Path, columns: dict[str, np.ndarray], n_shards: int) -> None:
    """In place of the shards that are there: survivors and dropped rows, every n_shards-th document in one."""
    n = len(columns["uid"])
    texts = [text_of(number) for number in range(n)]
    more = {"text": texts, "excerpt": [text[:500] for text in texts], "failed": [[one] for one in columns["reason"]], "origin": ["a.jsonl|中"] * n, "text_bytes": [len(text.encode()) for text in texts]}  # fmt: skip
    write_rows(out, {**more, **columns}, SIGNALS, n_shards)


def _stage_of(column: str) -> str:
    return next(label for label in (*LABELS, SCRUB) if column.startswith(label))
