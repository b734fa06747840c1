"""Real text, if it stands beside the checkout: clean prose stays in English as in Chinese, and languages are told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import zstandard
from batches import documents
from harness import rows, run

from pipeline.execute import run_stage
from pipeline.stage import load_stages

CORPORA = Path(__file__).parents[2] / "shared" / "corpora"
pytestmark = [
    pytest.mark.corpora,
    pytest.mark.skipif(not CORPORA.exists(), reason=f"there are no corpora at {CORPORA}"),
]


def texts(name: str, most: int = 400) -> list[tuple[str, str]]:
    """(language, text) of documents evenly spread over a file."""
    with zstandard.open(CORPORA / f"{name}.jsonl.zst", "rt", encoding="utf-8") as file:
        found = [(row["lang"], row["text"]) for row in map(json.loads, file) if row["text"].strip()]
    return found[:: max(1, len(found) // most)]


def kept_share(given: list[tuple[str, str]], **options) -> float:
    """The share of documents that the rules of `quality` keep, after `normalize`, by the profiles of their languages."""
    languages = [language.removesuffix("-Hant") for language, _ in given]
    batch = documents([text for _, text in given], languages=languages)
    normalize, quality = load_stages()["normalize"](), load_stages()["quality"](**options)
    normal = run_stage(normalize, batch, resource=normalize.open()).kept
    return run_stage(quality, normal, resource=quality.open()).kept.num_rows / len(given)


# Floors a little below what the default presets keep. Much of the rest is the published rules' doing: Gopher's share of
# words with a letter, where each mark is a word, is near its limit in prose with many quotes, numbers and dashes; laws
# repeat phrases; a line whose full stop is followed by a space counts as unfinished; plays repeat names.
@pytest.mark.parametrize(
    ("name", "least"),
    [
        ("en/wikipedia_featured", 0.88),
        ("en/books_misc", 0.84),
        ("zh/wiki_passages_cmrc", 0.84),
        ("zh/laws", 0.63),
        ("zh/classical_prose", 0.91),
        ("multi/novels_eltec", 0.72),
    ],
)
def test_clean_prose_passes_quality(name, least):
    assert kept_share([(language, text[:30_000]) for language, text in texts(name)]) >= least


@pytest.mark.parametrize(
    ("name", "least"),
    [("en/wikipedia_featured", 0.99), ("multi/novels_eltec", 0.96), ("science/plos_articles", 0.9)],
)
def test_clean_prose_with_many_marks_passes_a_lower_share_of_letters(name, least):
    given = [(language, text[:30_000]) for language, text in texts(name)]
    assert kept_share(given, min_alphabetic_frac=0.7) >= least > kept_share(given)


@pytest.mark.parametrize(("language", "least"), [("ar", 0.97), ("hi", 0.65), ("ko", 0.97), ("ja", 0.60)])
def test_prose_of_other_scripts_passes_quality(language, least):
    given = [(lang, text) for lang, text in texts("multi/native_text", 20_000) if lang == language and len(text) > 300]
    assert len(given) > 40
    assert kept_share(given) >= least


@pytest.mark.parametrize(
    ("name", "labels", "least"),
    [
        ("en/technical_prose", {"en"}, 0.95),
        ("zh/wikipedia", {"zh"}, 0.99),
        ("zh/poetry", {"zh"}, 0.98),
        ("zh/traditional_mixed", {"zh"}, 0.97),
        ("multi/wikipedia_ko_vi", {"ko", "vi"}, 0.98),
    ],
)
def test_languages_are_told(name, labels, least):
    stage = load_stages()["language"](min_score=0.0)
    given = [text for _, text in texts(name)]
    found = run_stage(stage, documents(given), resource=stage.open()).kept.column("language_label").to_pylist()
    assert sum(label in labels for label in found) / len(given) >= least


def test_a_whole_run_over_both_languages(tmp_path):
    for name in ("en/web_and_news", "zh/wiki_passages_cmrc"):
        (tmp_path / f"{name[:2]}.jsonl").write_text(
            "\n".join(json.dumps({"text": text}) for _, text in texts(name)), encoding="utf-8"
        )
    recipe = "sources:\n" + "".join(f"  {name}: {{reader: jsonl, paths: [{name}.jsonl]}}\n" for name in ("en", "zh"))
    recipe += "stages: [normalize, language, quality, dedup_exact, dedup_document, pii]\n"
    run(tmp_path, recipe).ledger.check()
    kept, dropped = rows(tmp_path / "run"), rows(tmp_path / "run", "dropped")
    assert {row["source"]: row["language_label"] for row in kept} == {"en": "en", "zh": "zh"}
    for source, least in (("en", 0.5), ("zh", 0.8)):
        n_kept = sum(row["source"] == source for row in kept)
        assert n_kept / (n_kept + sum(row["source"] == source for row in dropped)) >= least
    assert all(row["failed"] and row["reason"] == row["failed"][0] for row in dropped)
