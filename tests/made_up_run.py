"""What a run with many rules, tokens and an ablation has in `out/`, made up by hand: real ones take minutes."""

from __future__ import annotations

import json
import math
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
from packed_folders import byte_characters, encode, packed_folder, token_shard, tokenizer_json

from pipeline import histograms
from train.tokens import write_array
from train.verdict import judge

SOURCES = ("code", "docs", "zh")
SEEDS = (0, 1)
HOSTILE_MIXTURE = "<img src=x onerror=\"document.title='owned'\">混合"
HOSTILE_TOKENS = [
    "<script>document.title='owned'</script>",
    " " * 40,
    "中文的词",
    "\u202etxt.exe",
    "`|** [x](javascript:alert(1))",
    "a\n\tb",
]
LOSSES = {
    "natural": (1.702, 1.951, 2.874),
    "uniform": (1.731, 1.968, 2.601),
    "gpt3": (1.703, 1.957, 2.863),
    HOSTILE_MIXTURE: (1.755, 2.061, 2.552),
    "only_docs": (2.344, 1.893, 4.911),
    "only_code": (1.655, 2.702, 5.243),
    "only_zh": (3.205, 3.377, 2.398),
}
WEIGHTS = {
    "natural": (0.3, 0.55, 0.15),
    "uniform": (1 / 3, 1 / 3, 1 / 3),
    "gpt3": (0.4, 0.6, 0.0),
    HOSTILE_MIXTURE: (0.2, 0.2, 0.6),
    "only_docs": (0.0, 1.0, 0.0),
    "only_code": (1.0, 0.0, 0.0),
    "only_zh": (0.0, 0.0, 1.0),
}
OBJECTIVE = {"docs": 0.5, "code": 0.5}
TOKENS = 1_000_000
AVAILABLE = {"docs": 612_345, "code": 387_004, "zh": 98_765}

RECIPE = "\n".join(
    ["sources:", *(f"  {name}: {{reader: jsonl, paths: [{name}.jsonl], tag: {name}}}" for name in SOURCES), "stages: [toy_even]", ""]
)  # fmt: skip


def one_run(mixture: str, seed: int) -> dict:
    """What `ablation.json` holds of one run."""
    weights = dict(zip(SOURCES, WEIGHTS[mixture], strict=True))
    noise = 0.006 * math.sin(7 * seed + 3 * list(LOSSES).index(mixture))
    losses = [loss + 0.02 * seed + noise for loss in LOSSES[mixture]]
    served = {name: int(TOKENS * weight * 1.001) for name, weight in weights.items() if weight}
    return {
        "mixture": mixture,
        "seed": seed,
        "weights": weights,
        "planned": {name: round(TOKENS * weight) for name, weight in weights.items() if weight},
        "served": {
            name: {"tokens": n, "sequences": n // 250, "epochs": n / AVAILABLE[name]} for name, n in served.items()
        },
        "capped": [],
        "coarse": [],
        "short_tokens": 0,
        "steps": 490,
        "tokens": sum(served.values()),
        "parameters": 656_128,
        "flops": 5_123_456_789_012,
        "validation": {
            name: {"bits_per_byte": loss, "nats": 1.0, "bytes": 312_456, "tokens": 90_000, "sequences": 400}
            for name, loss in zip(SOURCES, losses, strict=True)
        },
        "threads": 1,
        "device": "cpu",
        "versions": {"python": "3.11.7", "torch": "2.13.0", "numpy": "2.3.0"},
        "curve": [
            [n, 3.1 * losses[1] / 2 + 5 * (n / 20_000) ** -0.5 + 0.03 * math.sin(n / 9000 + seed)]
            for n in range(20_000, TOKENS + 1, 20_000)
        ],
    }


def ablation(mixtures: tuple[str, ...] = tuple(LOSSES), seeds: tuple[int, ...] = SEEDS) -> dict:
    """The content of `ablation.json`."""
    runs = [one_run(mixture, seed) for seed in seeds for mixture in mixtures]
    results: dict = {}
    for one in runs:
        by_source = {name: found["bits_per_byte"] for name, found in one["validation"].items()}
        results.setdefault(one["mixture"], {})[one["seed"]] = by_source
    nothing = {"missing_tags": [], "cited": "", "without": [], "also": []}
    about = {name: {"weights": dict(zip(SOURCES, WEIGHTS[name], strict=True)), **nothing} for name in mixtures}
    if "gpt3" in about:
        about["gpt3"].update(
            missing_tags=["books", "wikipedia"], cited="Brown et al. 2020, arXiv 2005.14165, table 2.2"
        )
    return {
        "fingerprint": "0" * 64,
        "objective": OBJECTIVE,
        "data": "packed",
        "left_out": [],
        "tokens": TOKENS,
        "seeds": len(seeds),
        "sequence_tokens": 256,
        "train": {"layers": 2, "width": 64},
        "mixtures": about,
        "runs": runs,
        "verdict": judge(results, OBJECTIVE),
    }


def timing(found: dict) -> dict:
    """The content of `timing.json`."""
    time = {"seconds": 71.3, "train_seconds": 66.0, "tokens_per_second": 15_152.1, "peak_memory_bytes": 412_000_000}
    return {f"{one['mixture']}-{one['seed']}": time for one in found["runs"]}


def write_json(path: Path, tree: dict) -> None:
    """Write JSON, and the folder it lies in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(tree, ensure_ascii=False), encoding="utf-8")


def add_ablation(folder: Path, found: dict) -> None:
    """Give a run folder an ablation."""
    write_json(folder / "out" / "ablation" / "ablation.json", found)
    write_json(folder / "out" / "ablation" / "timing.json", timing(found))


def hostile_tokenizer() -> dict:
    """A byte-level BPE with tokens that are more than words; its ids 0 .. 256 are those of `packed_folders`."""
    tokenizer, characters = tokenizer_json(), byte_characters()
    for number, text in enumerate(HOSTILE_TOKENS, start=257):
        tokenizer["model"]["vocab"]["".join(characters[byte] for byte in text.encode())] = number
    tokenizer["model"]["merges"] = [["a", "b"]] * len(HOSTILE_TOKENS)
    return tokenizer


def add_tokens(folder: Path, documents: dict[str, dict[str, list[str]]]) -> None:
    """Give a run folder token shards and packed sequences: {side: {source: texts}}."""
    out, encoded = (
        folder / "out",
        {s: {n: [encode(t) for t in ts] for n, ts in d.items()} for s, d in documents.items()},
    )
    packed_folder(out / "packed", encoded["train"], encoded["validation"], sequence_tokens=64, tags={"docs": "web"})
    sources: dict = {name: {"tag": None} for name in encoded["train"]}
    for side, by_source in encoded.items():
        for name, ids in by_source.items():
            tokens, table = token_shard(ids)
            shard = {"name": f"{side}/{name}/000", "documents": len(ids), "tokens": len(tokens) - len(ids)}
            shards = [{**shard, "bytes": sum(table["n_bytes"].to_pylist())}] if ids else []
            sources[name][side] = {"shards": shards}
            (out / "tokens" / side / name).mkdir(parents=True)
            with open(out / "tokens" / f"{shard['name']}.npy", "wb") as file:
                write_array(file, np.asarray(tokens))
    write_json(out / "tokens" / "tokens.json", {"format": 1, "dtype": "uint16", "sources": sources})
    write_json(out / "tokens" / "tokenizer.json", hostile_tokenizer())
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    write_json(out / "manifest.json", {**manifest, "exports": ["tokens", "packed"]})


def documents() -> dict[str, dict[str, list[str]]]:
    """Texts for `add_tokens`: code has nothing held out, zh little."""
    train = {
        "docs": ["all of it is read " * n for n in range(1, 40)],
        "code": ["def f(x):\n\treturn x\n" * n for n in range(1, 30)],
        "zh": ["中文的文本。" * n for n in range(1, 20)],
    }
    held_out = {"docs": ["held out " * 400] * 25, "code": [], "zh": ["另一些文本。"] * 3}
    return {"train": train, "validation": held_out}


LANGUAGES = {"en": 30_000, "zh": 12_000, "de": 4000, "ja": 3000, "ru": 2500, "fr": 2000, "ar": 800, "中文方言": 240}
REGISTERS = {"web": 0.55, "formal": 0.25, "对话": 0.12, "spoken": 0.08}
LENGTHS = {"under 1 KB": 0.3, "1 to 4 KB": 0.35, "4 to 16 KB": 0.25, "16 to 64 KB": 0.08, "64 KB and more": 0.02}
WEB_SOURCES = {"web": 0.7, "论坛": 0.2, "books": 0.1}
RULES = {
    "too_few_words": ("min_words", 50, True, 0.03), "too_many_words": ("max_words", 100_000, False, 0.001),
    "words_too_short": ("min_mean_word_chars", 3, True, 0.004), "words_too_long": ("max_mean_word_chars", 10, False, 0.006),
    "too_many_hashes": ("max_hash_frac", 0.1, False, 0.003), "too_many_ellipses": ("max_ellipsis_frac", 0.1, False, 0.007),
    "too_many_bullets": ("max_bullet_lines_frac", 0.9, False, 0.01), "too_many_cut_lines": ("max_cut_lines_frac", 0.3, False, 0.012),
    "too_few_letters": ("min_alpha_words_frac", 0.8, True, 0.05), "too_few_stop_words": ("min_stop_words", 2, True, 0.03),
    **{f"repeated_{n}_grams": (f"max_duplicate_{n}_gram_frac", round(0.2 - n / 100, 2), False, 0.02) for n in range(2, 11)},
    "repeated_lines": ("max_duplicate_lines_frac", 0.3, False, 0.02), "repeated_paragraphs": ("max_duplicate_paragraphs_frac", 0.3, False, 0.008),
    "unfinished_lines": ("min_terminal_lines_frac", 0.12, True, 0.06), "short_lines": ("max_short_lines_frac", 0.67, False, 0.05),
    "curly_bracket": ("", 0, False, 0.015), "lorem_ipsum": ("", 0, False, 0.0),
}  # fmt: skip
"""Reason -> option, limit, whether it is the least, and the share that fails."""
N_MORE_SIGNALS = 30


def _picked(random: np.random.Generator, weights: dict[str, float], n: int) -> np.ndarray:
    share = np.array(list(weights.values()), float)
    return random.choice(np.array(list(weights), object), n, p=share / share.sum())


def judged_documents(seed: int = 0) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Dimension -> the value of each document, and which rules each fails, bool[N, R].

    Two rules are unjust: `too_few_words` to dialogue, `too_few_stop_words` to a small language.
    """
    random, n = np.random.default_rng(seed), sum(LANGUAGES.values())
    sorts = {"source": WEB_SOURCES, "length": LENGTHS, "language": LANGUAGES, "register": REGISTERS}
    values = {"all": np.full(n, "all", object), **{name: _picked(random, sort, n) for name, sort in sorts.items()}}
    rates = np.tile([rate for *_, rate in RULES.values()], (n, 1))
    reasons = list(RULES)
    rates[values["register"] == "对话", reasons.index("too_few_words")] *= 8
    rates[values["language"] == "中文方言", reasons.index("too_few_stop_words")] = 1.2
    rates[values["length"] == "under 1 KB", reasons.index("unfinished_lines")] *= 4
    rates *= random.lognormal(-0.18, 0.6, (n, 1))  # what fails one rule is likely to fail another
    return values, random.random(rates.shape) < rates


def sliced(values: dict[str, np.ndarray], failed: np.ndarray, reasons: list[str]) -> dict:
    """What `slices.json` holds of one stage; values in their order, sources and languages by the number of documents."""
    dropped, first = failed.any(axis=1), failed.argmax(axis=1)
    only = failed & (failed.sum(axis=1) == 1)[:, None]

    def counts(here: np.ndarray) -> dict:
        rules = {
            reason: {
                "failed": int(failed[here, row].sum()),
                "first": int((here & dropped & (first == row)).sum()),
                "only": int(only[here, row].sum()),
            }
            for row, reason in enumerate(reasons)
        }
        reached, lost = int(here.sum()), int((here & dropped).sum())
        kept_bytes = 999 * (reached - lost)
        return {"reached": reached, "exempt": 0, "dropped": lost, "kept_bytes": kept_bytes, "rules": rules}

    names = {"all": ["all"], "length": list(LENGTHS), "register": list(REGISTERS)}
    for dimension in ("source", "language"):
        names[dimension] = [name for name, _ in Counter(values[dimension].tolist()).most_common()]
    return {dimension: {name: counts(of == name) for name in names[dimension]} for dimension, of in values.items()}


def column_of(option: str) -> str:
    """The signal that an option is a limit of."""
    return f"judge_{option.partition('_')[2]}"


def judged_signals() -> dict:
    """Histograms of a signal for every rule with a limit, and of others without one."""
    signals: dict = {}
    for number, (option, limit, least, _) in enumerate(RULES.values()):
        column = column_of(option)
        if option and column not in signals:
            signals[column] = made_up_histogram(option.endswith("_frac"), limit, least, number)
    for number in range(N_MORE_SIGNALS):
        signals[f"judge_other_{number}_frac"] = made_up_histogram(True, 0.5, False, number)
    return signals


def made_up_histogram(is_frac: bool, limit: float, least: bool, number: int) -> dict:
    """A histogram whose documents beyond the limit are dropped."""
    random = np.random.default_rng(number)
    centre = limit * (2.5 if least else 0.4)
    if is_frac:
        values = np.clip(random.beta(2, 5, 5000) * centre * 3, 0, 1)
    else:
        values = random.lognormal(math.log(centre), 0.8, 5000)
    kind = pa.float32() if is_frac else pa.float64()
    name = "made_up_frac" if is_frac else "made_up"
    counts: histograms.Counts = {}
    fails = values < limit if least else values > limit
    for side, here in (("kept", ~fails), ("dropped", fails)):
        batch = pa.RecordBatch.from_arrays([pa.array(values[here], kind)], [name])
        histograms.add_batch(counts, batch, {name: kind}, side)
    return histograms.to_json(counts, {name: kind}, {name: "judge"})[name]


def judged_limits() -> list[dict]:
    """What the manifest says of the limits; one rule has others for some languages."""
    limits = [
        {"reason": reason, "column": column_of(option), "option": option, "least": least, "value": value, "languages": []}
        for reason, (option, value, least, _) in RULES.items() if option
    ]  # fmt: skip
    own = {30: ["zh", "ja"], 40: ["de"], 45: ["ru"], 35: ["fr"], 20: ["ar"]}
    return limits + [{**limits[0], "value": value, "languages": languages} for value, languages in own.items()]


def add_judging(folder: Path) -> None:
    """Give a run folder a stage `judge` with many rules, signals and limits."""
    out, reasons = folder / "out", list(RULES)
    values, failed = judged_documents()
    found = sliced(values, failed, reasons)
    ledger, signals, slices, manifest = (
        json.loads((out / f"{name}.json").read_text(encoding="utf-8")) for name in ("ledger", "signals", "slices", "manifest")
    )  # fmt: skip
    ledger["judge"] = {}
    for source, counts in found["source"].items():
        rules = {r: {"failed": c["failed"], "dropped": c["first"], "dropped_bytes": 999 * c["first"]} for r, c in counts["rules"].items()}  # fmt: skip
        kept = counts["reached"] - counts["dropped"]
        ledger["judge"][source] = {"rows_in": counts["reached"], "rows_out": kept, "bytes_in": 999 * counts["reached"], "bytes_out": 999 * kept, "notes": {"neutral_profile": counts["reached"] // 7}, "reasons": rules}  # fmt: skip
    step = {"label": "judge", "stage": "judge", "version": 1, "options": {"min_words": 50, "unjudged": []}, "limits": judged_limits(), "slices": {"register": "judge_register"}, "facts": None}  # fmt: skip
    write_json(out / "ledger.json", ledger)
    write_json(out / "signals.json", {**signals, **judged_signals()})
    write_json(out / "slices.json", {**slices, "judge": found})
    write_json(out / "manifest.json", {**manifest, "steps": [*manifest["steps"], step]})
