"""Runs to ask what-if questions about, and what became of their documents."""

from __future__ import annotations

import json
import random

from harness import CHINESE, ENGLISH, Silent, rows

from pipeline.what_if import parse_change, what_if

PLANTED = [
    "abc", "abcdefgh", "bcdefghijk 12", "1234", "中文短句。", "中文" * 30, "c" * 70, "中",
    "d" * 50, "", "e 1234567", "die Straße", "中文" * 15, "a\u202eb\x1b[31m" + "x" * 60,
]  # fmt: skip


def recipe(first: str = "{}", *more: str, top: str = "") -> str:
    stages = "".join(f"  - {one}\n" for one in more)
    sources = "  web: {reader: jsonl, paths: [a.jsonl]}\n  forum: {reader: jsonl, paths: [b.jsonl]}\n"
    return f"sources:\n{sources}stages:\n  - toy_judge: {first}\n{stages}{top}"


def write(folder, texts: list[str]) -> None:
    for name, some in (("a", texts[::2]), ("b", texts[1::2])):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in some))


def made_up(n: int, seed: int) -> list[str]:
    chance = random.Random(seed)
    alphabets = ["".join(ENGLISH), CHINESE, "0123456789 ab"]
    return ["".join(chance.choices(chance.choice(alphabets), k=chance.randrange(0, 90))) for _ in range(n)]


def ask(folder, *changes: str, n_examples: int = 0, out: str = "run"):
    return what_if(str(folder / out), [parse_change(change) for change in changes], n_examples, Silent())


def outcomes(folder, out: str) -> dict[str, tuple[str, str]]:
    """uid -> (stage, reason) of its drop, or (kept, "")."""
    kept = {row["uid"]: ("kept", "") for row in rows(folder / out)}
    return kept | {row["uid"]: (row["stage"], row["reason"]) for row in rows(folder / out, "dropped")}


def then_by_uid(answer) -> dict[str, tuple[str, str]]:
    """uid -> (stage or kept, reason) of every document that changes, from the examples."""
    return {
        one["uid"]: ("kept", "") if one["then"]["kind"] == "kept" else (one["then"]["stage"], one["then"]["reason"])
        for one in answer["examples"]
    }
