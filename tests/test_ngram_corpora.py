"""Language models of real text, if it stands beside the checkout: what they find improbable, and what makes them better."""

from __future__ import annotations

import functools
import json
import random
import re
from pathlib import Path

import numpy as np
import pytest
import zstandard
from batches import documents
from benches import fitted
from pages import pages

from pipeline.batch import utf8_buffers
from stages import ngram_file, perplexity_lines
from stages.ngram_file import Model
from stages.ngram_model import NgramModel

CORPORA = Path(__file__).parents[2] / "shared" / "corpora"
pytestmark = [
    pytest.mark.corpora,
    pytest.mark.slow,
    pytest.mark.skipif(not CORPORA.exists(), reason=f"there are no corpora at {CORPORA}"),
]
LEARNED = {
    "en": ("en/wikipedia_featured", "en/books_misc", "en/factbook"),
    "zh": ("zh/wikipedia", "zh/wiki_passages_cmrc"),
}
HELD_OUT = 5
"""One in so many documents is not learned from."""
SENTENCE = re.compile(r"[^.!?。！？]+[.!?。！？]+[\"'”’」』)]*\s*")


@functools.cache
def texts(name: str) -> list[str]:
    with zstandard.open(CORPORA / f"{name}.jsonl.zst", "rt", encoding="utf-8") as file:
        return [json.loads(line)["text"] for line in file]


def sides(language: str, most_mb: float = 3) -> tuple[list[str], list[str]]:
    """What is learned, at most so much of it, and what is held out."""
    everything = [text for name in LEARNED[language] for text in texts(name)]
    random.Random(5).shuffle(everything)
    learned = [text for number, text in enumerate(everything) if number % HELD_OUT]
    sizes = np.cumsum([len(text.encode()) for text in learned])
    return learned[: int(np.searchsorted(sizes, most_mb * 1e6))], everything[::HELD_OUT]


def model_of(folder: Path, learned: list[str], language: str, **options) -> Model:
    """A model of these texts; bounds are of no matter here."""
    stage = NgramModel(sources=("good",), min_mb=0, min_bounds_documents=1, held_out_frac=0.001, **options)
    given, sources = [*learned, *prose(language)[:5]], ["good"] * len(learned) + ["other"] * 5
    batch = documents(given, sources, languages=[language] * len(given))
    path = folder / "model.lm"
    path.write_bytes(fitted(stage, {"s": [batch]}, folder / "bench"))
    return ngram_file.read(str(path)).models[language]


@pytest.fixture(scope="module", params=["en", "zh"])
def language(request):
    return request.param


@pytest.fixture(scope="module")
def model(language, tmp_path_factory):
    return model_of(tmp_path_factory.mktemp(language), sides(language)[0], language)


def log10s(model: Model, given: list[str]) -> np.ndarray:
    """log10 of the perplexity of each text, in ten-thousandths."""
    data, offsets = utf8_buffers(documents(given).column("text"))
    scores = perplexity_lines.score(data, offsets, np.zeros(len(given), np.int64), [model])
    return perplexity_lines.totals(scores, len(given)).log10s


def perplexity(model: Model, given: list[str]) -> float:
    """Of all texts together."""
    data, offsets = utf8_buffers(documents(given).column("text"))
    scores = perplexity_lines.score(data, offsets, np.zeros(len(given), np.int64), [model])
    return float(10 ** (scores.sums.sum() / 1e6 / (scores.tokens + 1).sum()))


def prose(language: str) -> list[str]:
    """Held-out documents of some length, cut to their first 3,000 characters."""
    return [text[:3000] for text in sides(language)[1] if len(text) > 800][:200]


def units(text: str, language: str) -> tuple[list[str], str]:
    """Words or characters, and what stands between them."""
    return (text.split(), " ") if language == "en" else ([one for one in text if not one.isspace()], "")


def word_salad(text: str, language: str, dice: random.Random) -> str:
    """The units of a text in any order."""
    found, between = units(text, language)
    dice.shuffle(found)
    return between.join(found)


def shuffled_sentences(text: str, language: str, dice: random.Random) -> str:
    """Each sentence in its place, its units in any order, but for the mark at its end."""
    made = []
    for sentence in SENTENCE.findall(text):
        found, between = units(sentence, language)
        inner, end = (found[:-1], found[-1:]) if len(found) > 1 else (found, [])
        dice.shuffle(inner)
        made.append(between.join([*inner, *end]))
    return (between if language == "zh" else " ").join(made)


def share_worse(model: Model, good: list[str], bad: list[str]) -> float:
    """How often a text of the one kind has a lower perplexity than one of the other, in all pairs."""
    ours, theirs = np.sort(log10s(model, good)), log10s(model, bad)
    return float(np.searchsorted(ours, theirs).mean() / len(ours))


@pytest.mark.parametrize("spoil", [word_salad, shuffled_sentences])
def test_prose_is_more_probable_than_its_words_in_disorder(spoil, language, model):
    dice, good = random.Random(7), prose(language)
    bad = [spoil(text, language, dice) for text in good]
    assert len(good) > 100
    assert (log10s(model, good) < log10s(model, bad)).mean() >= 0.99  # each beside its own
    assert share_worse(model, good, bad) >= 0.95


def test_sentences_in_disorder_are_less_probable_too(language, model):
    """A model of five tokens sees no more than the seams, so that this shows in the mean only."""
    dice, good = random.Random(8), [" ".join(text.split()) for text in prose(language)]
    bad = []
    for text in good:
        found = SENTENCE.findall(text)
        dice.shuffle(found)
        bad.append("".join(found))
    good = ["".join(SENTENCE.findall(text)) for text in good]
    differences = log10s(model, bad) - log10s(model, good)
    assert differences.mean() > 3 * differences.std() / len(differences) ** 0.5


MENUS = {
    "zh": [
        "首页 | 新闻 | 体育 | 娱乐 | 财经 | 科技 | 汽车 | 房产 | 论坛",
        "登录 注册 忘记密码 帮助中心 客服热线 网站地图",
        "上一页 1 2 3 4 5 下一页 尾页 共 28 页",
        "关于我们 | 联系我们 | 广告服务 | 招聘信息 | 版权声明 | 友情链接",
        "分享到：微信 微博 QQ空间 收藏 打印 字号 大 中 小",
        "热门标签：手机 相机 笔记本 平板 耳机 路由器 电视 空调",
        "京ICP备12345678号-1 京公网安备 11010802012345号",
        "全部商品分类 购物车 我的订单 会员中心 优惠券 客户服务",
    ]
}


def menus(language: str) -> list[str]:
    """Lists of links: of real English pages; Chinese ones written for this test, no two with the same lines."""
    if language == "en":
        return [
            text[:3000]
            for site in ("apache+httpd", "apache+kafka-site")
            for text in pages(CORPORA / "web/html" / site)[1]
        ]
    dice = random.Random(9)
    return ["\n".join(dice.sample(MENUS["zh"], 4)) for _ in range(50)]


def test_prose_is_more_probable_than_menus(language, model):
    found = menus(language)
    assert len(found) >= 50
    assert share_worse(model, prose(language), found) >= 0.95


def test_longer_ngrams_help(language, tmp_path):
    learned, held_out = sides(language)
    found = [perplexity(model_of(tmp_path / str(n), learned, language, order=n), held_out[:200]) for n in (2, 3, 5)]
    assert found == sorted(found, reverse=True) and found[2] < 0.9 * found[0]


def test_more_text_helps(language, tmp_path):
    held_out = sides(language)[1][:200]
    found = [perplexity(model_of(tmp_path / str(mb), sides(language, mb)[0], language), held_out) for mb in (0.3, 1, 3)]
    assert found == sorted(found, reverse=True) and found[2] < 0.8 * found[0]


@pytest.mark.parametrize("other", ["laplace", "add_k", "stupid_backoff"])
def test_kneser_ney_is_the_best_smoothing(other, language, model, tmp_path):
    """Stupid back-off gives scores that add up to more than 1, which flatters it."""
    learned, held_out = sides(language)
    theirs = model_of(tmp_path, learned, language, smoothing=other, k=0.01)
    assert theirs.words.to_list() == model.words.to_list()
    assert perplexity(model, held_out[:200]) < perplexity(theirs, held_out[:200])
