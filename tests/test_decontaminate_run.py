"""The stage `decontaminate` in a run, on real text, and beside datatrove's filter."""

from __future__ import annotations

import json
import random

import numpy as np
import pytest
from agreement import CORPORA, english, spread
from batches import documents
from harness import plan, rows, run

from pipeline.batch import Batch
from pipeline.errors import InputError, RecipeError
from stages.decontaminate import Decontaminate

QUESTION = "Natalia sold clips to 48 of her friends in April, and then she sold half as many clips in May. How many?"
CHINESE = "小明有三个苹果，小红有五个苹果，他们一共有多少个苹果？请写出计算过程。"
RECIPE = """
sources:
  web: {{reader: jsonl, paths: [web.jsonl]}}
  books: {{reader: jsonl, paths: [books.jsonl]}}
stages:
  - decontaminate:
      benchmarks: {{maths: {0}/maths.jsonl, 中文: {0}/zh*.txt}}
      {1}
"""


def write(path, items) -> None:
    path.write_text("".join(json.dumps(item, ensure_ascii=False) + "\n" for item in items), encoding="utf-8")


@pytest.fixture
def folder(tmp_path):
    write(tmp_path / "maths.jsonl", [{"question": "short", "answer": "1"}, {"question": QUESTION, "answer": "72"}])
    (tmp_path / "zh1.txt").write_text(f"{CHINESE}\n", encoding="utf-8")
    values = [f"Before. {QUESTION.upper()} After.", "Nothing of it.", f"前面。{CHINESE}后面。", QUESTION, "没有问题。"]
    for name in ("web", "books"):
        write(tmp_path / f"{name}.jsonl", [{"text": text} for text in values])
    return tmp_path


def test_a_run_publishes_what_was_found(folder):
    run(folder, RECIPE.format(folder, "unjudged: [books]"))
    dropped = rows(folder / "run", "dropped")
    found = [
        (row["reason"], row["value"], row["decontaminate_benchmark"], row["decontaminate_item"]) for row in dropped
    ]
    assert found == [
        ("contaminated", 10, "maths", 1),
        ("contaminated", 11, "中文", 0),
        ("contaminated", 10, "maths", 1),
    ]
    assert {row["source"] for row in dropped} == {"web"}
    kept = [row["decontaminate_hits"] for row in rows(folder / "run")]
    assert kept == [0, 0, 10, 0, 11, 10, 0]
    about = json.loads((folder / "run" / "out" / "decontaminate.json").read_text())
    assert about["benchmarks"] == {
        "maths": {"files": 1, "items": 2, "ngrams": 10, "short": 1, "templates": 0, "templated": 0},
        "中文": {"files": 1, "items": 1, "ngrams": 11, "short": 0, "templates": 0, "templated": 0},
    }
    slices = json.loads((folder / "run" / "out" / "slices.json").read_text())["decontaminate"]["benchmark"]
    assert {name: one["dropped"] for name, one in slices.items()} == {"maths": 2, "中文": 1, "": 0}


def test_a_run_cuts(folder):
    run(folder, RECIPE.format(folder, "action: cut"))
    texts = [row["text"] for row in rows(folder / "run") if row["source"] == "web"]
    assert texts == ["Before. After.", "Nothing of it.", "前面。后面。", "没有问题。"]
    assert {row["reason"] for row in rows(folder / "run", "dropped")} == {"no_word_left"}


def test_what_is_wrong_has_its_line(folder):
    with pytest.raises(RecipeError, match=r"recipe\.yaml:8: .*option 'max_hits' must be at least 0"):
        plan(folder, RECIPE.format(folder, "max_hits: -1"))
    (folder / "zh1.txt").unlink()
    with pytest.raises(InputError, match=r"recipe\.yaml:6: decontaminate: there is no file .*zh\*\.txt"):
        plan(folder, RECIPE.format(folder, ""))


def signals(values: list[str], items: list[str], folder) -> Batch:
    write(folder / "items.jsonl", items)
    stage = Decontaminate(benchmarks={"items": str(folder / "items.jsonl")})
    batch = Batch(documents(values), stage, "decontaminate", stage.open())
    stage.measure(batch)
    return batch


def datatrove_finds(values: list[str], items: list[str], folder) -> list[bool]:
    from datatrove.data import Document
    from datatrove.pipeline.decont.n_grams import NGramsDecontConfig, NGramsDecontFilter
    from datatrove.utils.hashing import HashConfig
    from datatrove.utils.text import ngrams, simplify_text

    config = NGramsDecontConfig(n_grams=13, hash_config=HashConfig(hash_fc="sha1"))
    theirs = NGramsDecontFilter(str(folder), config)
    hashes = {
        theirs.hash_func(" ".join(gram))
        for item in items
        for gram in ngrams(theirs.tokenizer.word_tokenize(simplify_text(item, config.norm_config)), 13)
    }
    np.array(sorted(hashes), config.hash_config.np_descr).tofile(folder / "items.index.hashes")
    return [theirs.filter(Document(text=text, id="0")) is not True for text in values]


def passage(text: str, chance: random.Random) -> str:
    """Some 15 to 45 words of it."""
    words = text.split()
    first = chance.randrange(len(words) - 50)
    return " ".join(words[first : first + chance.randrange(15, 45)])


@pytest.mark.corpora
@pytest.mark.slow
@pytest.mark.skipif(not CORPORA.exists(), reason=f"there are no corpora at {CORPORA}")
def test_datatrove_finds_the_same_documents(tmp_path):
    """But where digits differ, which it all takes for 0, and diacritics, which it leaves out.

    Not formulas, in which it takes a run of numbers and signs for one word.
    """
    chance = random.Random(1)
    texts = [
        text
        for text in spread(english(), 160)
        if 400 < len(text) < 20_000 and len(text.split()) > 60 and "\\" not in text
    ]
    items = [passage(text, chance) for text in texts[:50]]
    items += [QUESTION, "Anne naïvely asked her fiancé about the café where they had met for the very first time."]
    changes = [str, str.upper, lambda text: text.replace(" ", "\n"), lambda text: text.replace(",", ";")]
    planted = [
        f"{text[:2_000]}\n{change(item)}\n" for change, item, text in zip(changes * 13, items, texts[-52:], strict=True)
    ]
    values = [*texts, *planted]
    ours = (signals(values, items, tmp_path).signal("decontaminate_hits") > 0).tolist()
    assert ours == datatrove_finds(values, items, tmp_path)
    assert sum(ours) >= 100 and not all(ours)
    values = [QUESTION.replace("48", "36"), items[-1].replace("ï", "i").replace("é", "e")]
    assert signals(values, items, tmp_path).signal("decontaminate_hits").tolist() == [5, 0]
    values[0] = values[0][:70]
    assert signals(values, items, tmp_path).signal("decontaminate_hits").tolist() == [0, 0]
    assert datatrove_finds(values, items, tmp_path) == [True, True]


@pytest.mark.corpora
@pytest.mark.skipif(not CORPORA.exists(), reason=f"there are no corpora at {CORPORA}")
def test_passages_of_real_text_are_found_in_their_documents(tmp_path):
    import zstandard

    chance = random.Random(2)
    values: list[str] = []
    for name in ("zh/laws", "zh/tech_articles_lctt", "multi/native_text", "en/gov_blog_web"):
        with zstandard.open(CORPORA / f"{name}.jsonl.zst", "rt", encoding="utf-8") as file:
            values += [json.loads(line)["text"] for _, line in zip(range(60), file, strict=False)]
    items = [[line for line in text.split("\n") if 120 < len(line) < 800] for text in values]
    items = [chance.choice(lines) if lines else text[:400] for lines, text in zip(items, values, strict=True)]
    batch = signals(values, items, tmp_path)
    shares = batch.signal("decontaminate_item_frac")
    measured = [place for place, item in enumerate(items) if len(item) > 120]
    assert len(measured) > 150
    assert (shares[measured] == 1).mean() > 0.98  # a line that is mostly one URL may have fewer than 8 words
    own = batch.signal("decontaminate_item")[measured] == np.array(measured)
    assert own.mean() > 0.9  # of equal items, such as licences, the first is named
