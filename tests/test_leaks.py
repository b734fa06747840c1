"""Canaries: personal data planted wherever documents come from, and looked for in every file that is published."""

from __future__ import annotations

import json
import random
import shutil
import traceback
from pathlib import Path

import pyarrow as pa
import pytest
from canaries import CANARIES, leaks
from harness import rows, run, text_of

from pipeline.errors import InputError, StageError
from pipeline.manifest import read_manifest
from pipeline.readers.jsonl import Jsonl
from pipeline.rows import EXCERPT_CHARS
from pipeline.schema import option
from pipeline.scrub import Scrubber
from pipeline.stage import Stage, load_stages, stage
from stages.pii_actions import ACTIONS
from stages.recognizers.rules import ENTITIES

VALUES = [canary.value for canary in CANARIES]
MAIL = "canary.jane@acme.org"

RECIPE = """
sources:
  books: {reader: jsonl, paths: [books.jsonl], id: id}
  web: {reader: jsonl, paths: ["web-*.jsonl"], id: id}
  pages: {reader: text, paths: [pages]}
  rows: {reader: csv, paths: [rows.csv]}
  aside: {reader: jsonl, paths: [aside.jsonl], id: id}
shard_mb: 1
audit: 0.5
on_error: quarantine
publish_meta: [url, note, phone]
stages:
  - normalize
  - split: {validation_frac: 0.2}
  - length: {min_words: 12, max_words: 3000}
  - dedup_exact: {by: "meta:url", index: true}
  - dedup_document: {threshold: 0.7}
  - decontaminate: {benchmarks: {test: test.txt}, ngram_words: 5, ngram_chars: 8, min_item_words: 2}
  - toy_raises
  - pii: PII
  - repeated_pii: {max_documents: 50}
  - classifier_model: {positives: [books], negatives: [web], min_documents: 20, min_held_out: 1, by_language: false}
  - classifier: {keep_frac: 0.9, by_language: false, unjudged: [books]}
  - ngram_model: {sources: [books], min_mb: 0.001, by_language: false}
  - perplexity: {by_language: false, max_perplexity: 1e9}
  - dedup_sentence: {min_words: 3}
  - tokenizer: {vocab_size: 400}
  - tokens
  - pack: {sequence_tokens: 64}
"""
ABLATION = """
ablation:
  objective: {books: 1, web: 1}
  mixtures: [natural]
  tokens: 2_000
  seeds: 1
  train: {layers: 1, width: 16, heads: 1, log_every: 5, max_validation_tokens: 2000}
"""
PII = "{action: %s, max_findings: {all: 60}}"


@pytest.fixture(scope="module", autouse=True)
def loaded():
    load_stages(["toy_findings"])


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Documents that every stage has to drop, and that are kept, all of them with canaries."""
    monkeypatch.setenv("CORPUSMILL_PII_KEY", "a key for tests alone")
    monkeypatch.chdir(tmp_path)
    write(tmp_path)
    return tmp_path


def prose(chance: random.Random, n_words: int, sentences: list[str]) -> str:
    """Text of one language with sentences between its lines."""
    lines = text_of(chance, n_words).splitlines()
    for sentence in sentences:
        lines.insert(chance.randrange(len(lines) + 1), sentence)
    return "\n".join(lines)


SENTENCES = [canary.sentence for canary in CANARIES]
ITEMS = "The quick answer to question one is fourteen.\n第一题的答案是十四又二分之一。\n"
SHARED = "\n".join(["Three lines in a row that stand", "in several documents of the corpus", *SENTENCES[:2]])
FILLING = "x y " * 2000


def document(chance: random.Random, text: str, own: str) -> str:
    """A line of JSON."""
    meta = {"note": {"deep": [f"一 {chance.choice(SENTENCES)}"]}, "phone": 6022756300, "other": chance.choice(VALUES)}
    made = {"text": text, "id": f"{own}/{MAIL}", "url": f"https://a.org/{own}?u={MAIL}", **meta}
    return json.dumps(made, ensure_ascii=chance.random() < 0.5)


def one(chance: random.Random, n_words: int = 80) -> str:
    """A document with two canaries, and perhaps with one that many have."""
    often = SENTENCES[:1] * (chance.random() < 0.3)
    return prose(chance, n_words, chance.sample(SENTENCES[1:], 2) + often)


def texts_of(chance: random.Random, n: int) -> list[str]:
    """Documents, n of which are nothing special."""
    texts = [one(chance) for _ in range(n)]
    texts += [texts[0], texts[1] + " The end.", SENTENCES[0], f"短 {SENTENCES[1]}"]
    texts += [prose(chance, 200, SENTENCES * 9), one(chance, 4000)]
    texts += [f"{one(chance)}\n{item}\n" for item in ITEMS.splitlines()]
    texts += [f"{one(chance)}\n{SHARED}" for _ in range(4)]
    for canary in CANARIES:  # over where excerpts are cut, and over half of where they are published
        for at in (470, EXCERPT_CHARS - len(canary.value) // 2):
            start = at - canary.sentence.index(canary.value)
            texts.append(f"{FILLING[:start]}\n{canary.sentence} {FILLING}")
    return texts


def bad_lines(sentence: str) -> list[str]:
    """Rows that cannot be read, whole and cut."""
    no_end = [json.dumps({"text": text})[:-1] for text in (sentence, FILLING[:980] + sentence * 40)]
    return [*no_end, json.dumps({"text": [sentence]}), json.dumps({sentence: 1}, ensure_ascii=False)]


def write(folder: Path) -> None:
    chance = random.Random(3)
    for name, n in (("books", 60), ("web-a", 60), (f"web-{MAIL}", 40)):
        texts = texts_of(chance, n)
        lines = [document(chance, text, f"{name[:5]}{n}") for n, text in enumerate(texts)]
        lines += [document(chance, texts[2], f"{name[:5]}2")]  # the same URL
        lines += [line for sentence in SENTENCES for line in bad_lines(sentence)]
        (folder / f"{name}.jsonl").write_text("\n".join(lines), encoding="utf-8")
    aside = [document(chance, f"RAISE {one(chance)}", f"aside{n}") for n in range(10)]
    (folder / "aside.jsonl").write_text("\n".join(aside), encoding="utf-8")
    (folder / "pages").mkdir()
    for canary in CANARIES[:3]:
        (folder / "pages" / f"电话 {canary.value}.txt").write_text(one(chance), encoding="utf-8")
    quoted = [json.dumps(text, ensure_ascii=False).replace('\\"', '""').replace("\\n", "\n") for text in SENTENCES]
    lines = ["text,note", *(f"{text},{text},{text}" for text in quoted)]
    (folder / "rows.csv").write_text("\n".join(lines), encoding="utf-8")
    (folder / "test.txt").write_text(ITEMS, encoding="utf-8")


def hashes(work: Path) -> set[str]:
    """The hashes of values that stages know of."""
    found = set()
    for path in work.rglob("documents/*.arrow"):
        table = pa.ipc.open_file(path.read_bytes()).read_all()
        if "pii_hashes" in table.schema.names:
            found |= {str(one) for row in table["pii_hashes"].to_pylist() for one in row}
    return found


def test_there_is_a_canary_of_every_entity():
    assert {canary.entity for canary in CANARIES} == set(ENTITIES)


def test_no_file_of_a_whole_run_holds_a_canary(folder):
    run(folder, RECIPE.replace("PII", PII % "tag") + ABLATION)
    dropped, out = rows(folder / "run", "dropped"), folder / "run" / "out"
    assert {row["reason"] for row in dropped} >= {
        "bad_json", "missing_text", "text_not_a_string", "wrong_field_count", "too_short", "too_long", "exact_duplicate",
        "near_duplicate", "contaminated", "quarantined", "too_many_findings", "repeated_pii", "low_score",
    }  # fmt: skip
    assert sum("<EMAIL>" in row["excerpt"] for row in dropped) > 20
    assert {"tokenizer.json", "classifier_model.json", "ngram_model.json", "repeated_pii.json"} <= {
        *map(str.lower, (path.name for path in out.iterdir()))
    }
    known = hashes(folder / "run" / "work")
    assert len(known) > 5
    assert sorted(leaks(out, [*VALUES, *known])) == []


SHORT = RECIPE[: RECIPE.index("  - classifier_model")]


@pytest.mark.parametrize("action", ACTIONS)
def test_no_action_leaves_a_canary(folder, action):
    run(folder, SHORT.replace("PII", PII % action))
    assert sorted(leaks(folder / "run" / "out", VALUES)) == []


def test_out_may_be_shown_wherever_a_run_stops(folder):
    recipe = SHORT.replace("PII", PII % "tag")
    for until in ("read", "dedup_document", "pii", None):
        run(folder, recipe, until=until)
        out = folder / "run" / "out"
        assert sorted(leaks(out, VALUES)) == []
        late = until in ("read", "dedup_document")
        assert any("<EMAIL>" in row["text"] for row in rows(folder / "run")) or until is None  # repeated ones drop
        assert ({row["excerpt"] for row in rows(folder / "run", "dropped")} == {""}) == late
        manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
        assert (manifest["scrubbed_by"], manifest["scrubbed_while_published"]) == (
            (None, ["pii"]) if late else ("pii", [])
        )


def test_what_an_earlier_run_left_goes_also_when_it_was_killed_while_publishing(folder):
    run(folder, SHORT[: SHORT.index("  - pii")] + "  - toy_files\n")
    out = folder / "run" / "out"
    assert {Path(name).parts[0] for name, _ in leaks(out, VALUES)} >= {"documents", "toy_files"}
    (out / "manifest.json").unlink()
    (out / "汉字").mkdir()
    for name in ("notes.txt", "汉字/a.txt", "documents/old.arrow", "dropped/more.txt"):
        (out / name).write_text(MAIL, encoding="utf-8")
    shutil.rmtree(folder / "run" / "work")
    run(folder, SHORT.replace("PII", PII % "tag"))
    assert sorted(leaks(out, VALUES)) == []
    assert not {"toy_files", "notes.txt", "汉字"} & {path.name for path in out.iterdir()}


def test_canaries_are_found_where_nothing_scrubs(folder, monkeypatch):
    monkeypatch.setattr(Scrubber, "_edits", lambda self, text: None)
    run(folder, SHORT.replace("PII", PII % "tag"))
    found = leaks(folder / "run" / "out", VALUES)
    assert {Path(name).parts[0] for name, _ in found} >= {"documents", "dropped", "inputs.jsonl", "report"}
    assert {value for _, value in found} == set(VALUES)


TWO = """
sources: {web: {reader: jsonl, paths: ["web-*.jsonl"], id: id}}
on_error: quarantine
publish_meta: [url, note, phone]
stages:
  - length: {min_words: 12}
  - pii: {as: mails, entities: [email], action: FIRST}
  - length: {as: again, max_words: 1000}
  - pii: {max_findings: {all: 1}}
  - dedup_exact
"""


def test_what_is_published_goes_through_all_stages_that_scrub(folder):
    run(folder, TWO.replace("FIRST", "tag"))
    assert sorted(leaks(folder / "run" / "out", VALUES)) == []
    stages = {row["stage"] for row in rows(folder / "run", "dropped") if row["excerpt"]}
    assert stages == {"length", "again", "pii"}


def test_an_excerpt_has_the_surrogates_of_the_text(folder):
    """Whatever dropped it, it goes through those stages that its text has not been through."""
    recipe = TWO.replace("action: FIRST", "action: surrogate").replace("max_findings: {all: 1}", "action: surrogate")
    texts = [f"写信给 {MAIL} 吧。{'文字 ' * n}" for n in (0, 50, 50, 2000)]
    for name in ("a", MAIL):
        lines = "\n".join(json.dumps({"text": text}) for text in texts)
        (folder / f"web-{name}.jsonl").write_text(lines, encoding="utf-8")
    run(folder, recipe)
    dropped = rows(folder / "run", "dropped")
    assert {row["stage"] for row in dropped} == {"length", "again", "dedup_exact"}
    shown = [row["excerpt"] for row in dropped] + [row["text"] for row in rows(folder / "run")]
    (only,) = {text.partition("写信给 ")[2].partition(" 吧")[0] for text in shown}
    assert "@" in only and only != MAIL


NAMED = """
sources:
  web: {reader: jsonl, paths: ["canary.jane@acme.org.jsonl", "c\\u0061nary.jane@acme.org.b*.jsonl"]}
stages:  # 联系电话：13812345678，ask canary.jane@acme.org_2024.txt
  - decontaminate: {benchmarks: {test: canary.jane@acme.org.txt}, ngram_words: 5, min_item_words: 2}
  - pii: {recognizers: [{name: Ours, supported_entity: PERSON, deny_list: [Zaphod Beeblebrox, 王晓梅]}]}
  - split: {validation_frac: 0.2}
  - tokenizer: {vocab_size: 400}
  - tokens
  - pack: {sequence_tokens: 64}
mixtures: {all: {web: 1}}
"""


def test_the_recipe_is_published_without_what_its_own_stages_find(folder):
    shutil.copy(folder / "aside.jsonl", folder / f"{MAIL}.jsonl")
    shutil.copy(folder / "aside.jsonl", folder / f"{MAIL}.b1.jsonl")
    (folder / f"{MAIL}.txt").write_text(ITEMS, encoding="utf-8")
    run(folder, NAMED)
    out = folder / "run" / "out"
    assert sorted(leaks(out, [*VALUES, "Beeblebrox"])) == []
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    assert '"<EMAIL>.jsonl", "<EMAIL>.b*.jsonl"' in manifest["recipe_text"]
    assert "deny_list: [<PERSON>, <PERSON>]" in manifest["recipe_text"]
    assert manifest["steps"][0]["options"]["benchmarks"] == {"test": "<EMAIL>.txt"}
    assert run(folder, NAMED).did_nothing
    given = read_manifest(str(folder / "run"))
    assert (
        given["recipe_text"] == NAMED
        and {**given, **{name: manifest[name] for name in ("recipe_text", "steps")}} == manifest
    )
    (out / "manifest.json").write_text(json.dumps({**manifest, "publication": "another"}), encoding="utf-8")
    assert "<PERSON>" in read_manifest(str(folder / "run"))["recipe_text"]


def test_fields_of_meta_are_published_only_if_they_are_listed(folder):
    recipe = SHORT.replace("PII", PII % "tag")
    run(folder, recipe)
    metas = [json.loads(row["meta"]) for kind in ("documents", "dropped") for row in rows(folder / "run", kind)]
    assert {name for meta in metas for name in meta} == {"url", "note", "phone"}
    assert {meta["phone"] for meta in metas if "phone" in meta} == {"<PHONE>"}
    run(folder, recipe.replace("publish_meta: [url, note, phone]\n", ""))
    assert {row["meta"] for kind in ("documents", "dropped") for row in rows(folder / "run", kind)} == {"{}"}


def test_errors_do_not_quote_text(folder):
    recipe = SHORT.replace("PII", PII % "tag").replace("on_error: quarantine\n", "")
    shutil.copy(folder / "web-a.jsonl", folder / "all.jsonl")
    good = [line for line in (folder / "all.jsonl").read_text(encoding="utf-8").splitlines() if '"id"' in line]
    (folder / "all.jsonl").write_text("\n".join(good), encoding="utf-8")
    recipe = recipe[recipe.index("stages:") :].replace("toy_raises", "toy_raises: {always: true}")
    recipe = "sources: {web: {reader: jsonl, paths: [all.jsonl], id: id}}\n" + recipe
    for workers in (1, 2):
        with pytest.raises(StageError, match=r"toy_raises failed on .* \(KeyError in toy_findings.py") as caught:
            run(folder, recipe, workers=workers)

        shown = "".join(traceback.format_exception(caught.value))
        assert not [value for value in VALUES if value in shown]
    assert MAIL in (folder / "run" / "work" / "failed.txt").read_text(encoding="utf-8")


def test_a_reader_that_fails_is_not_quoted_either(folder, monkeypatch):
    def broken(self, item):
        yield from ()
        raise KeyError(MAIL)

    monkeypatch.setattr(Jsonl, "read", broken)
    recipe = "sources: {web: {reader: jsonl, paths: [web-a.jsonl]}}\nstages: [STAGE]\n"
    with pytest.raises(StageError, match=r"^read failed on the source web \(KeyError in test_leaks.py:\d+; what"):
        run(folder, recipe.replace("STAGE", "pii"))
    with pytest.raises(StageError, match=rf"^read failed on the source web \(KeyError: '{MAIL}'\); to run it again"):
        run(folder, recipe.replace("STAGE", "normalize"))


def test_nothing_is_shown_of_rows_that_cannot_be_read(tmp_path):
    """They have fields that `publish_meta` does not list."""
    lines = [json.dumps({"text": [1], "私": "not to be shown"}), '{"text": "没有结束', json.dumps({"text": "whole"})]
    (tmp_path / "a.jsonl").write_text("\n".join(lines), encoding="utf-8")
    recipe = "sources: {web: {reader: jsonl, paths: [a.jsonl]}}\non_error: quarantine\nstages: [pii]\n"
    run(tmp_path, recipe)
    shown = [(row["origin"], row["reason"], row["excerpt"]) for row in rows(tmp_path / "run", "dropped")]
    assert shown == [("a.jsonl:1", "text_not_a_string", ""), ("a.jsonl:2", "bad_json", "")]
    kept = pa.ipc.open_file(next((tmp_path / "run" / "work").rglob("dropped/*.arrow")).read_bytes()).read_all()
    assert "not to be shown" in kept["excerpt"][0].as_py() and "没有结束" in kept["excerpt"][1].as_py()


QUOTED = {
    "csv": ("her,Her SSN: 536-90-4399 is known.,联系电话：13812345678\n", "has no column 'text'"),
    "jsonl": ('{"联系电话：13812345678": 1, "Her SSN: 536-90-4399 is known.": 2}', "there is no field 'text'"),
}


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("reader", QUOTED)
def test_errors_of_readers_are_scrubbed(tmp_path, reader, workers):
    content, message = QUOTED[reader]
    (tmp_path / f"{MAIL}.part").write_text(content, encoding="utf-8")
    recipe = f"sources: {{web: {{reader: {reader}, paths: ['{MAIL}.part']}}}}\nstages: [normalize, STAGE]\n"
    with pytest.raises(
        InputError, match=f"<EMAIL>.*{message}.*<SSN>.*<PHONE>|<EMAIL>.*{message}.*<PHONE>.*<SSN>"
    ) as caught:
        run(tmp_path, recipe.replace("STAGE", "pii"), workers=workers)
    shown = "".join(traceback.format_exception(caught.value))
    assert not [value for value in VALUES if value in shown] and "failed.txt" in shown
    assert "536-90-4399" in (tmp_path / "run" / "work" / "failed.txt").read_text(encoding="utf-8")
    with pytest.raises(InputError, match=f"{MAIL}.*536-90-4399"):
        run(tmp_path, recipe.replace("STAGE", "length"), workers=workers)


@stage("toy_opens_badly")
class ToyOpensBadly(Stage):
    """Finds that its file is not what it should be."""

    what: str = option("", "a file")

    def open(self):
        raise InputError(f"cannot open {self.what}")


def test_errors_of_stages_that_are_opened_are_scrubbed(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"text": "one 一"}', encoding="utf-8")
    recipe = f"sources: {{web: {{reader: jsonl, paths: [a.jsonl]}}}}\nstages: [toy_opens_badly: {{what: '{MAIL}.bin'}}, pii]\n"
    with pytest.raises(InputError, match=r"^cannot open <EMAIL>.bin \(in full in "):
        run(tmp_path, recipe)
