"""What tests of whole runs share: making input and recipes, running them, and hashing what came out."""

from __future__ import annotations

import hashlib
import json
import random
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipeline.plan import make_plan
from pipeline.readers.base import load_readers
from pipeline.recipe import parse_recipe
from pipeline.run import Result, run_plan
from pipeline.stage import load_stages

ENGLISH = [
    "the",
    "of",
    "and",
    "a",
    "to",
    "in",
    "is",
    "you",
    "that",
    "it",
    "he",
    "was",
    "for",
    "on",
    "are",
    "as",
    "with",
    "his",
    "they",
    "at",
    "be",
    "this",
    "have",
    "from",
    "one",
    "had",
    "by",
    "but",
    "river",
    "garden",
    "mountain",
    "children",
    "window",
    "carefully",
    "morning",
    "letter",
    "winter",
    "people",
    "remembered",
    "between",
    "another",
]
CHINESE = "的一是不了人我在有他这中大来上国个到说们为子和你地出道也时年得就那要下以生会自着去之过家学对可她里后小么心多天而能好都然没日于起"


class Silent:
    """Progress that nobody watches."""

    def begin(self, what: str, total: int, done: int) -> None: ...

    def advance(self, done: Any) -> None: ...


def text_of(random_: random.Random, n_words: int) -> str:
    """Made-up prose, English or Chinese, in lines."""
    if random_.random() < 0.5:
        words = [random_.choice(ENGLISH) for _ in range(n_words)]
        return ".\n".join(" ".join(words[i : i + 12]) for i in range(0, n_words, 12)) + "."
    return "。\n".join("".join(random_.choices(CHINESE, k=20)) for _ in range(1 + n_words // 20)) + "。"


def write_jsonl(path: Path, n_rows: int, seed: int, extra: list[dict[str, Any]] | None = None) -> None:
    """Documents of several lengths; one in five is a copy of an earlier one."""
    random_ = random.Random(seed)
    texts: list[str] = []
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        for number in range(n_rows):
            text = (
                random_.choice(texts)
                if texts and random_.random() < 0.2
                else text_of(random_, random_.randrange(5, 200))
            )
            texts.append(text)
            file.write(
                json.dumps({"text": text, "n": number, "url": f"https://例.example/{number}"}, ensure_ascii=False)
                + "\n"
            )
        for row in extra or []:
            file.write(json.dumps(row) + "\n")


def run(folder: Path, recipe: str, *, out: str = "run", workers: int = 1, until: str | None = None) -> Result:
    """Run a recipe that lies in `folder`, toy stages included."""
    return run_plan(plan(folder, recipe, until), str(folder / out), workers, Silent())


def plan(folder: Path, recipe: str, until: str | None = None):
    """The plan of a recipe that lies in `folder`."""
    load_stages(["toys"])
    load_readers()
    return make_plan(parse_recipe(str(folder / "recipe.yaml"), recipe), until)


def published(run: Path) -> dict[str, str]:
    """Hash of every file in `out/` by its relative path."""
    files = sorted(path for path in (run / "out").rglob("*") if path.is_file())
    return {str(path.relative_to(run)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def rows(run: Path, kind: str = "documents") -> list[dict[str, Any]]:
    """All rows of `documents` or `dropped`, in order."""
    found: list[dict[str, Any]] = []
    for path in sorted((run / "out" / kind).glob("*.arrow")):
        with pa.OSFile(str(path), "rb") as file:
            found += pa.ipc.open_file(file).read_all().to_pylist()
    return found


def texts(run: Path) -> list[str]:
    """The survivors' texts, in order."""
    return [row["text"] for row in rows(run)]
