"""Classifiers of real text, if it stands beside the checkout: what they tell apart, on sources that they have not seen."""

from __future__ import annotations

import functools
import io
import json
from pathlib import Path

import numpy as np
import pytest
import zstandard
from batches import documents
from pages import pages

from pipeline.batch import Batch
from stages.classifier_file import Classifier, read
from stages.classifier_model import ClassifierModel
from stages.classifier_text import joined, predicted, prepared
from stages.evaluation import auc, millionths

CORPORA = Path(__file__).parents[2] / "shared" / "corpora"
pytestmark = [
    pytest.mark.corpora,
    pytest.mark.slow,
    pytest.mark.skipif(not CORPORA.exists(), reason=f"there are no corpora at {CORPORA}"),
]
GOOD = {"en": ["en/wikipedia_featured", "en/books_misc", "en/factbook"], "zh": ["zh/wikipedia", "zh/laws"]}
OTHERS = {
    "en": ["en/gov_blog_web", "en/web_and_news", "dialogue/irc_ubuntu_threads", "dialogue/stackexchange_threads"],
    "zh": ["dialogue/dialogues_zh", "zh/tech_articles_lctt", "zh/tech_docs"],
}


@functools.cache
def texts(name: str, most: int = 500) -> list[str]:
    """Documents evenly spread over a file."""
    with zstandard.open(CORPORA / f"{name}.jsonl.zst", "rt", encoding="utf-8") as file:
        found = [json.loads(line)["text"] for line in file]
    return found[:: -(-len(found) // most)]


def fitted(folder: Path, rows: list[tuple[str, str, str]], **options) -> Classifier:
    """A classifier of rows (source, language, text), read from its file."""
    stage = ClassifierModel(**options)
    sources, languages, given = (list(column) for column in zip(*rows, strict=True))
    table = documents(given, sources, languages=languages)
    out = io.BytesIO()
    stage.fit([Batch(table.slice(a, 500), stage, "classifier_model") for a in range(0, len(rows), 500)], out)
    (folder / "classifier.zip").write_bytes(out.getvalue())
    return read(str(folder / "classifier.zip"))


def scores(classifier: Classifier, given: list[str]) -> np.ndarray:
    data, offsets = prepared(*joined([text.encode() for text in given]))
    return millionths(predicted(classifier.model, classifier.positive, data, offsets))


@pytest.fixture(scope="module")
def classifier(tmp_path_factory):
    rows = [
        (name, language, text)
        for language in ("en", "zh")
        for name in GOOD[language] + OTHERS[language]
        for text in texts(name)
    ]
    return fitted(tmp_path_factory.mktemp("classifier"), rows, positives=tuple(GOOD["en"] + GOOD["zh"]))


@pytest.mark.parametrize("language", ["en", "zh"])
def test_trusted_sources_are_told_from_the_others(classifier, language):
    found = classifier.about["evaluation"]["by_language"][language]
    assert found["auc_low"] >= 0.95
    assert found["ece"] < 0.05
    assert found["positives"] > 80


@pytest.mark.parametrize(
    ("good", "other", "least"),
    [
        ("science/plos_articles", "en/technical_prose", 0.95),
        ("en/wikipedia_2021_tail", "dialogue/dialogues_en", 0.95),
        ("zh/wiki_passages_cmrc", "dialogue/dialogues_zh", 0.95),
    ],
)
def test_sources_that_were_not_seen_are_told_apart_too(classifier, good, other, least):
    assert auc(scores(classifier, texts(good)), scores(classifier, texts(other)))[1] >= least


SITES = [["apache+flink-web", "apache+kafka-site"], ["apache+httpd", "Alamofire+Alamofire"]]


@pytest.mark.parametrize(("learned", "new"), [SITES, SITES[::-1]], ids=["new-blogs", "new-manuals"])
def test_prose_is_told_from_menus_on_pages_of_other_sites(learned, new, tmp_path):
    """It learns from an encyclopedia, books and laws, and from the menus of some sites: prose of pages is new to it."""
    trusted = ["en/wikipedia_featured", "en/books_misc", "zh/wiki_passages_cmrc", "zh/laws"]
    rows = [(name, "", text) for name in trusted for text in texts(name)]
    found = {site: pages(CORPORA / "web" / "html" / site) for site in [*learned, *new]}
    rows += [("menus", "", text) for site in learned for text in found[site][1]]
    made = fitted(tmp_path, rows, positives=tuple(trusted), by_language=False)
    prose, menus = (scores(made, [text for site in new for text in found[site][kind]]) for kind in (0, 1))
    assert len(prose) == len(menus) > 200
    assert auc(prose, menus)[1] >= 0.95
