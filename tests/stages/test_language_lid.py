"""The real model, lid.176, on known text. The first test fetches it into the user's cache, and fails where that fails."""

from __future__ import annotations

import numpy as np
import pytest
from batches import documents
from fasttext.FastText import _FastText

from pipeline.assets import asset
from pipeline.execute import run_stage
from stages.language import Language

SENTENCES = {
    "en": "The committee will meet again on Thursday to discuss the new proposal before the vote.",
    "zh": "委员会将在星期四再次开会，在投票之前讨论这项新的提案。",
    "ja": "委員会は木曜日に再び会合を開き、投票の前に新しい提案について話し合います。",
    "th": "คณะกรรมการจะประชุมอีกครั้งในวันพฤหัสบดีเพื่อหารือเกี่ยวกับข้อเสนอใหม่ก่อนลงคะแนน",
    "ko": "위원회는 목요일에 다시 모여 투표 전에 새로운 제안을 논의할 예정입니다.",
    "ru": "Комитет снова соберётся в четверг, чтобы обсудить новое предложение перед голосованием.",
    "ar": "ستجتمع اللجنة مرة أخرى يوم الخميس لمناقشة الاقتراح الجديد قبل التصويت.",
    "hi": "समिति मतदान से पहले नए प्रस्ताव पर चर्चा करने के लिए गुरुवार को फिर से बैठक करेगी।",
    "vi": "Ủy ban sẽ họp lại vào thứ Năm để thảo luận về đề xuất mới trước khi bỏ phiếu.",
}
SCRIPTS = ["Latn", "Hans", "Jpan", "Thai", "Kore", "Cyrl", "Arab", "Deva", "Latn"]
TRADITIONAL = "委員會將於星期四再次開會，在投票之前討論這項新提案。"
ENGLISH = "She opened the window because the room was too warm, and then she went out to buy some bread."
GERMAN = (
    "Der Ausschuss wird am Donnerstag erneut zusammentreten, um den neuen Vorschlag vor der Abstimmung zu erörtern."
)


@pytest.fixture(scope="module")
def lid():
    return Language().open()


def kept(lid, values, **options):
    return run_stage(Language(**options), documents(values), resource=lid).kept


def test_languages_and_scripts(lid):
    found = kept(lid, [*SENTENCES.values(), TRADITIONAL])
    assert found.column("language_label").to_pylist() == [*SENTENCES, "zh"]
    assert found.column("language_script").to_pylist() == [*SCRIPTS, "Hant"]


def test_labels_and_scores_are_those_of_the_library(lid):
    library = _FastText(model_path=asset("lid.176.ftz"))
    lines = [text for code, text in SENTENCES.items() if code != "zh"] + [ENGLISH, GERMAN]  # ours takes ja for zh there
    found = kept(lid, lines, min_score=0)
    labels, scores = library.predict(lines, k=2)
    for column, place in (("", 0), ("second", 1)):
        codes = [one[place].removeprefix("__label__") for one in labels]
        assert found.column(f"language_{column or 'label'}").to_pylist() == codes
        ours = found.column(f"language_{column}_score".replace("__", "_")).to_numpy()
        assert np.allclose(ours, [one[place] for one in scores], atol=2e-4)


def test_poems_in_han_characters_are_chinese(lid):
    poem = "江雪\n千山鳥飛絕，萬徑人蹤滅。\n孤舟蓑笠翁，獨釣寒江雪。"
    found = kept(lid, [poem, "会后悔的回忆的时候，不删回忆起来才痛苦"], keep=("zh",))
    assert found.column("language_script").to_pylist() == ["Hant", "Hans"]


def test_what_stands_around_an_article_does_not_lead(lid):
    header = "[#]: collector: (lujun9972)\n[#]: via: (https://example.org/2020/some-page)\n" * 3
    links = "[1]: https://example.org/images/another-file-name.png\n" * 6
    article = header + "本文介绍如何安装这个软件，并说明它的配置文件放在什么地方。\n" * 60 + links
    assert kept(lid, [article], keep=("zh",)).num_rows == 1


def test_chinese_between_much_code_has_its_script(lid):
    code = "import numpy as np\nvalues = np.zeros((3, 4), dtype=np.float32)\n"
    found = kept(
        lid, [f"{code}下面我们创建一个数组，并把它的所有元素都设为零，然后再计算它的平均值。\n" * 5], min_score=0
    )
    assert found.column("language_label").to_pylist() == ["zh"]
    assert found.column("language_script").to_pylist() == ["Hans"]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_labels_and_line_breaks_do_not_leak(lid, language):
    text = SENTENCES[language] * 3
    other = {"en": "__label__zh", "zh": "__label__en"}[language]
    values = [text, f"{other}\n{text}\n</s>\0{other}", text.replace(" ", "\n"), text.replace(" ", " \r\n\t")]
    found = kept(lid, values, min_score=0)
    assert found.column("language_label").to_pylist() == [language] * 4
    scores = found.column("language_score").to_pylist()
    assert np.allclose(scores[1], scores[0], atol=0.1)  # what the mark's own letters do to it
    assert scores[2] == scores[3] == scores[0]


@pytest.mark.parametrize(("first", "second"), [("en", "zh"), ("en", "de"), ("zh", "ja"), ("ru", "vi")])
def test_bilingual_documents_are_found(lid, first, second):
    lines = {**SENTENCES, "de": GERMAN, "en": ENGLISH}
    text = f"{lines[first]}\n{lines[second]}\n" * 10
    found = kept(lid, [text, f"{lines[first]}\n" * 20], min_score=0, by_line=True)
    sizes = {language: len(lines[language].encode()) for language in (first, second)}
    (label, _), (share, alone) = (found.column(f"language_{name}").to_pylist() for name in ("label", "share_main"))
    assert label in sizes
    assert abs(share - sizes[label] / sum(sizes.values())) < 1e-3
    assert alone == 1


def test_lines_of_another_language_are_cut(lid):
    text = f"{SENTENCES['zh']}\n{SENTENCES['en']}\n\n{TRADITIONAL}\n{GERMAN}\n{SENTENCES['zh']}"
    found = kept(lid, [text], min_score=0, by_line=True, cut_lines=True, keep=("zh", "en"))
    assert found.column("text").to_pylist() == [text.replace(f"{GERMAN}\n", "")]
