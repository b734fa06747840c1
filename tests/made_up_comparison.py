"""What a run that compares tokenizers has in `out/`, made up by hand, with names and tokens that try to be more."""

from __future__ import annotations

import json
from pathlib import Path

from made_up_run import HOSTILE_TOKENS, write_json

HOSTILE_NAME = '<img src=x onerror="a">混合'
LANGUAGES = {"en": 1.0, "zh": 0.7, "<b>th</b>": 0.3}
SIZES = [512, 724, 1024, 1448, 2048, 2896, 4096, 5000]
RATES = {"small": 3.1, "large": 3.9, HOSTILE_NAME: 1.2}


def token(text: str, times: int | None = None) -> dict:
    """A token as `comparison.json` has it."""
    return {"text": text, "bytes": len(text.encode()), **({} if times is None else {"times": times})}


def model(rate: float, text: dict, lossy: bool) -> dict:
    """What it has of one tokenizer that makes so many bytes a token; a lossy one loses the second document of each."""
    sources = {
        source: {
            group: {"tokens": round(of["bytes"] / (rate * LANGUAGES[group])), "failed": int(lossy), "unknown": 7 * lossy, "used": 40}
            for group, of in groups.items()
        }
        for source, groups in text.items()
    }  # fmt: skip
    curve = [round(90_000 / (1 + place) ** 0.5) for place in range(len(SIZES))]
    groups = {group: {"tokens": curve, "knee": 1024 if group == "en" else None} for group in LANGUAGES}
    failure = {"uid": "<i>0a</i>", "at": 3, "given": "<script>SECRET</script>", "back": "`|"}
    return {
        "sha256": "0" * 64, "algorithm": "WordPiece" if lossy else "BPE", "vocab_size": 5000, "special": 1,
        "is_lossless": not lossy, "used": 3000,
        "longest": [token(text, 5) for text in HOSTILE_TOKENS], "rarest": [token("a", 1)], "unused": [token("\\xe4")],
        "failures": [failure] * lossy, "sources": sources,
        "sweep": None if lossy else {"sizes": SIZES, "all": {"tokens": curve, "knee": 1448}, "groups": groups},
        "parallel": {
            "en": {"tokens": 900, "unknown": 0, "ratio": 1.0, "quartiles": [1.0] * 5},
            "zh": {"tokens": 1200, "unknown": 300 * lossy, "ratio": 1.333333, "quartiles": [0.5, 1.1, 1.3, 1.6, 3.0]},
            "th": {"tokens": 0, "unknown": 0, "ratio": None, "quartiles": None},
        },
    }  # fmt: skip


def comparison() -> dict:
    """The content of `comparison.json`."""
    text = {
        source: {
            group: {"documents": 10, "bytes": 90_000 * weight, "chars": 50_000 * weight, "words": 10_000 * weight}
            for group in LANGUAGES
        }
        for weight, source in enumerate(("docs", "code"), start=1)
    }
    return {
        "format": 1,
        "max_mb": 4.0,
        "text": {**text, "empty": {}},
        "parallel": {"reference": "en", "pairs": 12, "languages": {}, "is_own": False},
        "models": {name: model(rate, text, name == HOSTILE_NAME) for name, rate in RATES.items()},
    }


def add_comparison(folder: Path, found: dict | None = None) -> None:
    """Give a run folder a comparison of tokenizers."""
    out = folder / "out"
    write_json(out / "compare_tokenizers" / "comparison.json", found or comparison())
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    write_json(out / "manifest.json", {**manifest, "exports": [*manifest["exports"], "compare_tokenizers"]})
