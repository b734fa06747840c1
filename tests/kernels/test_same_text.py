"""Text without what does not tell documents apart, against plain Python."""

from __future__ import annotations

import reference
from hypothesis import given
from strategies import buffers, documents

from stages.kernels import same_text


def texts_of(data, offsets) -> list[str]:
    raw = data.tobytes()
    return [raw[start:end].decode() for start, end in zip(offsets[:-1].tolist(), offsets[1:].tolist(), strict=True)]


def lower(word: str) -> str:
    return "".join(c.lower() if len(c.lower()) == 1 else c for c in word)


@given(documents)
def test_white_space_becomes_one_blank(texts):
    assert texts_of(*same_text.squeezed(*buffers(texts))) == [" ".join(text.split()) for text in texts]


@given(documents)
def test_only_words_in_lower_case_are_left(texts):
    expected = [" ".join(map(lower, reference.words(text))) for text in texts]
    assert texts_of(*same_text.lower_words(*buffers(texts))) == expected


def test_lower_case_may_be_longer_or_shorter():
    texts = ["Ⱥ中Ⱥ中Ⱥ" * 50, "K" * 99, "İstanbul ÇA\u00a0Va\u3000？", "中文，和 English。", ""]
    expected = [" ".join(map(lower, reference.words(text))) for text in texts]
    assert expected[0].startswith("ⱥ 中 ⱥ")
    assert texts_of(*same_text.lower_words(*buffers(texts))) == expected
    assert texts_of(*same_text.squeezed(*buffers(texts)))[2] == "İstanbul ÇA Va ？"
