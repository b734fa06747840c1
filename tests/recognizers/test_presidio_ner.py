"""Names found by spaCy pipelines, which are trained here: one that reads English, one that reads Chinese."""

from __future__ import annotations

import os
import random
import socket

import pytest

from pipeline.errors import InputError, OptionError
from stages.recognizers import presidio_ner
from stages.recognizers.presidio import Others

pytest.importorskip("presidio_analyzer")
spacy = pytest.importorskip("spacy")

ENGLISH = (["Mira Voss", "Tom Hale", "Ada Brandt", "Lena Okafor"], ["Lisbon", "Oslo"], "{} met {} in {P} on Monday")
CHINESE = (["李小龙", "王芳", "赵子明", "陈晓"], ["上海", "杭州"], "昨天{}和{}在{P}见面了")


def examples(language: str, names: list[str], places: list[str], template: str) -> list:
    """Sentences with names and places, labelled."""
    nlp, found = spacy.blank(language), []
    for first in names:
        for second in names:
            for place in places:
                text = template.replace("{P}", place).format(first, second)
                spans, rest = [], 0
                for value, label in ((first, "PERSON"), (second, "PERSON"), (place, "GPE")):
                    rest = text.index(value, rest)
                    spans.append((rest, rest + len(value), label))
                    rest += len(value)
                doc = nlp.make_doc(text)
                found.append(spacy.training.Example.from_dict(doc, {"entities": spans}))
    return found


def trained(language: str, names: list[str], places: list[str], template: str):
    """A pipeline that has learned to find them, in a few dozen steps."""
    spacy.util.fix_random_seed(0)
    nlp = spacy.blank(language)
    sentences = examples(language, names, places, template)
    model = {"@architectures": "spacy.HashEmbedCNN.v2", "width": 32, "depth": 2, "embed_size": 300}
    model |= {"window_size": 1, "maxout_pieces": 2, "subword_features": True, "pretrained_vectors": None}
    nlp.add_pipe("ner", config={"model": {"tok2vec": model}})
    optimizer = nlp.initialize(lambda: sentences)
    shuffled = random.Random(0)
    for _ in range(25):
        shuffled.shuffle(sentences)
        for low in range(0, len(sentences), 8):
            nlp.update(sentences[low : low + 8], sgd=optimizer, drop=0.1)
    return nlp


@pytest.fixture(scope="module")
def pipelines(tmp_path_factory) -> dict[str, str]:
    """language -> folder."""
    folder, found = tmp_path_factory.mktemp("ner"), {}
    for language, (names, places, template) in (("en", ENGLISH), ("zh", CHINESE)):
        found[language] = str(folder / language)
        trained(language, names, places, template).to_disk(found[language])
    return found


def values(text: str, findings: list) -> list[tuple[str, str, float]]:
    data = text.encode()
    return [(one.rule, data[one.start : one.stop].decode(), round(one.score, 2)) for one in findings]


def test_names_are_found_by_the_pipeline_of_their_language(pipelines):
    others = Others(ner=pipelines).open()
    english, chinese = "Tom Hale met Mira Voss in Oslo on Monday", "昨天赵子明和王芳在上海见面了"
    assert values(english, others.find(english, "en")) == [
        ("ner_en", "Tom Hale", 0.85),
        ("ner_en", "Mira Voss", 0.85),
        ("ner_en", "Oslo", 0.85),
    ]
    assert values(chinese, others.find(chinese, "zh")) == [
        ("ner_zh", "赵子明", 0.85),
        ("ner_zh", "王芳", 0.85),
        ("ner_zh", "上海", 0.85),
    ]
    assert [one.entity for one in others.find(chinese, "zh")] == ["person", "person", "location"]
    assert others.find(english, "de") == []
    assert set(others.find(english, "en")) <= set(others.find(english, None))
    assert others.find("", "en") == []
    assert {one.entity for one in others.find(english, None)} == set(presidio_ner.ENTITIES)


def test_names_are_those_that_the_pipeline_finds(pipelines):
    text = "\n".join(str(one.reference) for one in examples("en", *ENGLISH))
    expected = [(one.start_char, one.end_char) for one in spacy.load(pipelines["en"])(text).ents]
    assert [(one.start, one.stop) for one in Others(ner={"en": pipelines["en"]}).open().find(text, "en")] == expected
    assert len(expected) > 80


def test_a_document_longer_than_the_pipeline_takes_is_looked_at_whole(pipelines, monkeypatch):
    line = "昨天赵子明和王芳在上海见面了\n"
    monkeypatch.setattr(presidio_ner, "MAX_PIECE", 1_000)
    others = Others(ner={"zh": pipelines["zh"]}).open()
    monkeypatch.setattr(others._names[0]._nlp, "max_length", 2_000)
    text = line * 200
    findings = [one for one in others.find(text, "zh") if one.entity == "person"]
    assert len(findings) == 400
    assert {text.encode()[one.start : one.stop].decode() for one in findings} == {"赵子明", "王芳"}


def test_findings_do_not_depend_on_what_was_looked_at_before(pipelines):
    texts = ["Tom Hale met Mira Voss in Oslo on Monday", "Nothing to see. 王芳 \0 é\n\n", "Ada Brandt", "昨天陈晓"]
    others = Others(ner=pipelines).open()
    first = [others.find(text, None) for text in texts]
    assert [others.find(text, None) for text in reversed(texts)] == first[::-1]
    assert [Others(ner=pipelines).open().find(text, None) for text in texts] == first


def test_nothing_is_fetched_and_what_is_missing_is_an_error(monkeypatch):
    def refuse(*where, **more):
        raise AssertionError("asked the network")

    for name in ("getaddrinfo", "create_connection"):
        monkeypatch.setattr(socket, name, refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr("subprocess.run", refuse)
    others = Others(ner={"en": "en_core_web_sm_that_nobody_has"})
    for ask in (others.open, others.identity):
        with pytest.raises(InputError, match=r"no spaCy pipeline en_core_web_sm_that_nobody_has: install its package"):
            ask()


@pytest.mark.parametrize("made", [True, False])
def test_a_folder_that_is_no_pipeline_is_told_apart_from_a_package(tmp_path, made):
    folder = tmp_path / "名字"
    if made:
        folder.mkdir()
    with pytest.raises(InputError, match=r"no spaCy pipeline in .*名字: it has no config\.cfg") as error:
        Others(ner={"zh": str(folder)}).identity()
    assert "download" not in str(error.value)


def test_another_package_is_no_pipeline():
    with pytest.raises(InputError, match="no spaCy pipeline numpy"):
        Others(ner={"en": "numpy"}).identity()


@pytest.mark.parametrize(("ner", "message"), [({"english": "x"}, "'english'"), ({"en": ""}, "no pipeline for en")])
def test_options_are_checked(ner, message):
    with pytest.raises(OptionError, match=message):
        Others(ner=ner)


def test_identity_is_that_of_the_files(pipelines, tmp_path):
    before = Others(ner=pipelines).identity()
    assert len(before["ner en"]) == 64 and before["ner en"] != before["ner zh"]
    assert before == Others(ner=pipelines).identity()
    nlp = spacy.load(pipelines["en"])
    nlp.to_disk(tmp_path / "same")
    assert Others(ner={"en": str(tmp_path / "same")}).identity()["ner en"] == before["ner en"]
    nlp.vocab.strings.add("one more")
    nlp.to_disk(tmp_path / "changed")
    assert Others(ner={"en": str(tmp_path / "changed")}).identity()["ner en"] != before["ner en"]


def damaged(folder: str, into, old: str, new: str) -> str:
    """A copy of a pipeline with something else in its config."""
    nlp = spacy.load(folder)
    nlp.to_disk(into)
    config = into / "config.cfg"
    assert old in config.read_text()
    config.write_text(config.read_text().replace(old, new))
    return str(into)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('factory = "ner"', 'factory = "transformer"', "uses transformer"),
        ("spacy.HashEmbedCNN.v2", "my.Architecture.v1", r"uses my\.Architecture\.v1"),
        ("spacy.HashEmbedCNN.v2", "spacy.TorchBiLSTMEncoder.v1", r"uses spacy\.TorchBiLSTMEncoder\.v1"),
        ("before_creation = null", 'before_creation = {"@callbacks": "mine.v1"}', r"uses mine\.v1"),
        ("spacy.Tokenizer.v1", "mine.Tokenizer.v1", r"uses mine\.Tokenizer\.v1"),
    ],
)
def test_a_folder_may_only_use_what_is_spacys_own(pipelines, tmp_path, old, new, message):
    with pytest.raises(InputError, match=message):
        Others(ner={"en": damaged(pipelines["en"], tmp_path, old, new)}).open()


def test_a_damaged_folder_is_an_error(pipelines, tmp_path):
    for place, content in (
        ("ner/model", b"\xc1 no messagepack"),
        ("config.cfg", b"[nlp"),
        ("vocab/key2row", b"\x01"),
    ):
        folder = tmp_path / place.replace("/", "_")
        spacy.load(pipelines["en"]).to_disk(folder)
        (folder / place).write_bytes(content)
        with pytest.raises(InputError, match="cannot be used"):
            Others(ner={"en": str(folder)}).open()
    os.makedirs(tmp_path / "empty")
    with pytest.raises(InputError, match="there is no spaCy pipeline"):
        Others(ner={"en": str(tmp_path / "empty")}).open()


def test_a_pipeline_without_names_is_an_error(tmp_path):
    spacy.blank("en").to_disk(tmp_path / "blank")
    with pytest.raises(InputError, match="finds no names"):
        Others(ner={"en": str(tmp_path / "blank")}).open()
