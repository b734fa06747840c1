"""The registers of quality: spoken, of the web, formal; by markers that are counted in words, in English and Chinese."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import zstandard
from batches import documents
from quality_texts import CHINESE, ENGLISH

from pipeline.execute import run_stage
from stages.quality import Quality

CORPORA = Path(__file__).parents[3] / "shared" / "corpora"


CHAT = {
    "en": "I said no! Do you really want me to go? Yeah, I do, and we know you'd love it. " * 3,
    "zh": "你吃了吗？我还没呢！咱们一起去吧，好啊好啊！",
}


def registers(texts, language):
    out = run_stage(Quality(language=language, presets=()), documents(texts))
    return [*out.kept.column("quality_register").to_pylist(), *out.dropped.column("quality_register").to_pylist()]


@pytest.mark.parametrize(("language", "formal"), [("en", ENGLISH), ("zh", CHINESE)])
def test_registers(language, formal):
    formal = " ".join(formal.split("\n"))
    pages = [f"{formal} {residue}" for residue in ("https://a.example/b", "<b>", "&nbsp;")]
    menu = f"{formal} {'Read more' if language == 'en' else '隐私政策'}"
    assert registers([CHAT[language], formal], language) == ["spoken", "formal"]
    assert registers([*pages, menu], language) == ["web"] * 4
    assert registers([f"{CHAT[language]} https://a.example/b <b>"], language) == ["spoken"]  # which comes first
    assert registers(["", "\n"], language) == ["unknown"] * 2


def test_markers_count_by_their_share_of_the_words():
    words = "the stone bridge of that town was built by masons "
    link = "see www.a.example"  # 6 units: a word, www, a, example and two points
    assert registers([words * n + link for n in (30, 40)], "en") == ["web", "formal"]  # 1 of 306 and of 406
    assert (
        registers([f"{words}and it has stood for ever {tags}" for tags in ("#old", "#old #town")], "en") == ["web"] * 2
    )
    assert (
        registers([f"# The bridge\n\n{words * 5}", "# 石桥\n\n" + "这座石桥由工匠建成，至今仍在。" * 4], "en")
        == ["formal"] * 2
    )


def test_a_language_without_involved_words_has_no_register():
    assert registers(["ข้อความ https://a.example", CHAT["en"]], "th") == ["unknown"] * 2
    assert registers([CHAT["en"]], "xx") == ["unknown"]


# Floors a little below what is seen. Half of the other Chinese dialogues have no word or mark of the list; the other
# pages of the blog are long ones with few links. Posts of Stack Exchange are mostly formal: nothing marks them.
@pytest.mark.corpora
@pytest.mark.skipif(not CORPORA.exists(), reason=f"there are no corpora at {CORPORA}")
@pytest.mark.parametrize(
    ("name", "register", "least"),
    [
        ("dialogue/dialogues_en", "spoken", 0.95),
        ("dialogue/dialogues_zh", "spoken", 0.65),
        ("dialogue/irc_ubuntu_threads", "spoken", 0.75),
        ("en/gov_blog_web", "web", 0.82),
        ("zh/tech_articles_lctt", "web", 0.95),
        ("en/wikipedia_featured", "formal", 0.97),
        ("en/books_eltec", "formal", 0.75),
        ("zh/wikipedia", "formal", 0.96),
        ("zh/laws", "formal", 0.95),
        ("zh/poetry", "formal", 0.96),
    ],
)
def test_registers_of_real_documents(name, register, least):
    with zstandard.open(CORPORA / f"{name}.jsonl.zst", "rt", encoding="utf-8") as file:
        texts = [json.loads(line)["text"][:20_000] for line in file]
    found = registers(texts[:: max(1, len(texts) // 200)], "zh" if "zh" in name else "en")
    assert found.count(register) / len(found) >= least
