"""What the same sentences cost in several languages; the project's own, and files of the user's."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import tokenizers
from compared_tokenizers import word_piece
from tokenizer_cases import trained

from pipeline.errors import InputError
from stages.kernels import words
from stages.tokenizer_measure import Measured
from stages.tokenizer_measure_parallel import costs, facts, identity_of, own_text, read_parallel


def letters(folder: Path) -> Measured:
    """A tokenizer with a token for each character; `x` has none and is thrown away."""
    made = tokenizers.Tokenizer(tokenizers.models.BPE({c: n for n, c in enumerate("abc中文")}, []))
    made.save(str(folder / "letters.json"))
    return Measured("letters", (folder / "letters.json").read_bytes())


def files(folder: Path, **content: str) -> dict[str, str]:
    for name, text in content.items():
        (folder / f"{name}.txt").write_text(text, encoding="utf-8", newline="")
    return {name: str(folder / f"{name}.txt") for name in content}


def test_our_own_sentences_are_pairs_in_two_languages():
    text = own_text()
    assert list(text) == ["en", "zh"] and len(text["en"]) == len(text["zh"]) >= 60
    assert len(set(text["en"])) == len(set(text["zh"])) == len(text["en"])
    for english, chinese in zip(text["en"], text["zh"], strict=True):
        assert english.isascii() and english[0].isupper() and english[-1] in ".?!"
        assert chinese[-1] in "。？！" and any("\u4e00" <= c <= "\u9fff" for c in chinese)
        digits = [sorted(c for c in line if c.isdigit()) for line in (english, chinese)]
        assert digits[0] == digits[1] or "March" in english or "May" in english


def test_our_own_sentences_are_as_long_as_such_sentences_are():
    """A Chinese text has some 1.5 characters for an English word; far from that one side would say less."""
    counts = {}
    for language, lines in own_text().items():
        data = "\n".join(lines).encode()
        offsets = np.array([0, len(data)], np.int64)
        counts[language] = int(words.count(np.frombuffer(data, np.uint8), offsets)[0])
    assert 1.2 < counts["zh"] / counts["en"] < 1.9


def test_costs_are_those_of_the_tokens(tmp_path):
    model = letters(tmp_path)
    found = costs(model, {"zh": ["中文", "中文中文", "中"], "en": ["abca", "ab", "c"], "xx": ["xx", "x", "xa"]})
    assert found["en"] == {"tokens": 7, "unknown": 0, "ratio": 1.0, "quartiles": [1.0] * 5}
    assert found["zh"] == {"tokens": 7, "unknown": 0, "ratio": 1.0, "quartiles": [0.5, 0.75, 1.0, 1.5, 2.0]}
    assert found["xx"] == {"tokens": 1, "unknown": 0, "ratio": 0.142857, "quartiles": [1.0] * 5}
    assert costs(model, {"de": ["x"], "zh": ["中"]})["zh"] == {
        "tokens": 1,
        "unknown": 0,
        "ratio": None,
        "quartiles": None,
    }


def test_unknown_text_is_counted(tmp_path):
    model = Measured("bert", Path(word_piece(tmp_path / "bert.json", ["the"])).read_bytes())
    assert costs(model, {"en": ["the the"], "zh": ["中文 the 好"]})["zh"] == {
        "tokens": 3, "unknown": 2, "ratio": 1.5, "quartiles": [1.5] * 5,
    }  # fmt: skip


def test_ours_costs_as_many_tokens_as_it_encodes():
    text = own_text()
    whole = tokenizers.Tokenizer.from_str(trained().decode())
    found = costs(Measured("ours", trained()), text)
    for language, lines in text.items():
        assert found[language]["tokens"] == sum(len(whole.encode(line).ids) for line in lines)


def test_lines_and_records_are_read_and_blank_ones_left_out(tmp_path):
    given = files(tmp_path, de="\ufeffeins\r\n\r\ndrei\r\nvier\r\n", zh="一\n二\n \n四")
    lines = ["\n".join(json.dumps({"text": text}) for text in ("one", "two", "three", "four\u2028five"))]
    (tmp_path / "en.jsonl").write_text(lines[0] + "\n")
    found = read_parallel({**given, "en": str(tmp_path / "en.jsonl")})
    assert found == {"de": ["eins", "vier"], "zh": ["一", "四"], "en": ["one", "four\u2028five"]}
    assert facts(found)["reference"] == "en"
    assert facts({"zh": ["中"], "de": ["a"]}) == {
        "reference": "zh", "pairs": 1, "languages": {"zh": {"bytes": 3, "chars": 1}, "de": {"bytes": 1, "chars": 1}},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("en", "zh", "message"),
    [
        (b"a\nb\n", b"a\n", r"as many sentences each: .*en\.txt has 2, .*zh\.txt has 1"),
        (b"a\n \n", b"\na\n", "have no sentence: .*en.txt, .*zh.txt"),
        (b"", b"", "have no sentence"),
        (b"a\n", b"\xff\n", "zh.txt is no UTF-8"),
    ],
)
def test_files_that_are_not_parallel(tmp_path, en, zh, message):
    for name, content in (("en", en), ("zh", zh)):
        (tmp_path / f"{name}.txt").write_bytes(content)
    with pytest.raises(InputError, match=message):
        read_parallel({name: str(tmp_path / f"{name}.txt") for name in ("en", "zh")})


@pytest.mark.parametrize("line", ["", "{", "[]", "1", '{"text": 1}', '{"txt": "a"}', "[" * 100_000])
def test_records_that_are_none(tmp_path, line):
    (tmp_path / "en.jsonl").write_text(line + "\n")
    with pytest.raises(InputError, match=r"en\.jsonl:1"):
        read_parallel({"en": str(tmp_path / "en.jsonl"), "zh": str(tmp_path / "en.jsonl")})


def test_a_missing_file_and_one_too_large(tmp_path, monkeypatch):
    with pytest.raises(InputError, match=r"cannot read the parallel text .*none\.txt: No such file"):
        read_parallel({"en": str(tmp_path / "none.txt"), "zh": str(tmp_path / "none.txt")})
    given = files(tmp_path, en="aaaa\n", zh="中\n")
    monkeypatch.setattr("stages.tokenizer_measure_parallel.MAX_BYTES", 4)
    with pytest.raises(InputError, match=r"en\.txt has over 4 bytes"):
        read_parallel(given)


def test_what_is_read_is_part_of_the_identity(tmp_path):
    given = files(tmp_path, en="a\n", zh="中\n")
    before = identity_of(given)
    assert list(before) == ["parallel.en", "parallel.zh"]
    files(tmp_path, zh="文\n")
    after = identity_of(given)
    assert before["parallel.en"] == after["parallel.en"] and before["parallel.zh"] != after["parallel.zh"]
    assert list(identity_of({})) == ["parallel"]
