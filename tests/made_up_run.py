"""What a run with tokens, packing and an ablation has in `out/`, made up by hand: real training takes minutes."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
from packed_folders import byte_characters, encode, packed_folder, token_shard, tokenizer_json

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
