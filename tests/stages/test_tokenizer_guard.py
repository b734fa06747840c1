"""The guard of the tokenizer: a vocabulary that lost its most frequent words is an error, others are not."""

from __future__ import annotations

import io
import json
from collections import Counter
from pathlib import Path

import pytest
import tokenizers
from tokenizer_cases import batches, corpus, fitted

from pipeline.errors import InputError
from stages.tokenizer import Tokenizer
from stages.tokenizer_guard import Guarded, check, count_pieces, is_alphabetic
from stages.tokenizer_train import Form, train

CORPORA = Path(__file__).parents[3] / "shared" / "corpora"


def without_merges(content: bytes, n: int) -> tokenizers.Tokenizer:
    """A tokenizer that lost its n first merges, as one whose counts overflowed, and what was built on them."""
    made = json.loads(content)
    vocabulary, lost = made["model"]["vocab"], set()
    kept = []
    for number, (left, right) in enumerate(made["model"]["merges"]):
        if number < n or left in lost or right in lost:
            lost.add(left + right)
        else:
            kept.append([left, right])
    names = [token for token in vocabulary if token not in lost]
    made["model"].update(merges=kept, vocab={token: number for number, token in enumerate(names)})
    return tokenizers.Tokenizer.from_str(json.dumps(made))


def test_a_whole_vocabulary_passes_and_a_broken_one_tells_why():
    texts = corpus()
    content = train(texts, 3000)
    counts = count_pieces(texts, Form().expression)
    assert check(counts, tokenizers.Tokenizer.from_str(content.decode()), 8000) == Guarded(93, 93)
    broken = without_merges(content, 12)
    size = broken.get_vocab_size()
    with pytest.raises(InputError) as lost:
        check(counts, broken, 8000)
    split = [word for word, _ in counts.most_common() if is_alphabetic(word) and len(broken.encode(word).ids) > 1]
    assert f": {split[0]!r} ({counts[split[0]]:,} times), " in str(lost.value)
    assert f"it has {size:,} tokens where 8,000 were asked for, so merges were lost" in str(lost.value)
    assert "32-bit counts overflow: lower 'max_mb'" in str(lost.value) and "\n" not in str(lost.value)
    with pytest.raises(InputError, match="taken by what is more frequent in several languages or scripts: raise 'voc"):
        check(counts, broken, size)


def test_five_of_a_hundred_may_be_several_tokens():
    letters = "abcdefghijklmnopqrstuvwxyz"
    words = [f" {a}{b}" for a in letters for b in letters][:100]
    counts = Counter({word: 1000 - number for number, word in enumerate(words)})
    for n_lost, is_right in ((5, True), (6, False)):
        texts = [word * 3 for word in words[n_lost:]] + list(letters)
        made = tokenizers.Tokenizer.from_str(train(texts, 8000).decode())
        if is_right:
            assert check(counts, made, 8000) == Guarded(100, 95)
        else:
            with pytest.raises(InputError, match="for 6 of the 100 most frequent words"):
                check(counts, made, 8000)


def test_words_are_letters_but_for_one_character_before_them():
    for piece in (" the", "the", "，但是", "花", "'s", "ไม่", " नमस्ते", "\tx", "é", "e\u0301"):
        assert is_alphabetic(piece), piece
    for piece in (" ", "12", "...", "a1", " (x", "\n", ".\n", "x,", "<", "　"):
        assert not is_alphabetic(piece), piece


def test_nothing_frequent_is_nothing_to_check():
    made = tokenizers.Tokenizer.from_str(train(["一"], 8000).decode())
    assert check(Counter({" once": 1, "12": 9, "……": 9}), made, 8000) == Guarded(0, 0)
    assert check(Counter(), made, 8000) == Guarded(0, 0)


@pytest.mark.parametrize(
    ("options", "guarded"),
    [({}, True), ({"vocab_size": 7999}, False), ({"algorithm": "unigram"}, False), ({"algorithm": "wordpiece"}, False)],
)
def test_the_stage_guards_bpe_of_8000_tokens_and_more(monkeypatch, options, guarded):
    stage = Tokenizer(**{"vocab_size": 8000, **options})
    facts = stage.facts(io.BytesIO(fitted(stage, batches(corpus(60)))))
    assert facts["guard"] == ({"checked": 93, "single": 93} if guarded else None)
    monkeypatch.setattr(
        "stages.tokenizer.train", lambda *_: without_merges(train(corpus(60), 3000), 12).to_str().encode()
    )
    if guarded:
        with pytest.raises(InputError, match="tokenizer learned no token of their own for"):
            fitted(stage, batches(corpus(60)))


def test_words_longer_than_a_token_may_be_need_be_none():
    phrases = [chr(0x4E00 + 20 * number) * 3 + "长" * 12 for number in range(20)]  # 15 characters, 45 bytes
    stage = Tokenizer(vocab_size=8000)
    facts = stage.facts(io.BytesIO(fitted(stage, batches([*corpus(60), *["。".join(phrases)] * 40]))))
    assert facts["guard"]["checked"] == facts["guard"]["single"] > 50


def corpus_texts(pattern: str, n_bytes: int) -> list[str]:
    import zstandard

    found: list[str] = []
    for path in sorted(CORPORA.glob(pattern)):
        left = n_bytes
        with path.open("rb") as file:
            for line in io.TextIOWrapper(zstandard.ZstdDecompressor().stream_reader(file), encoding="utf-8"):
                found.append(json.loads(line)["text"][:20_000])
                left -= len(found[-1].encode())
                if left <= 0:
                    break
    return found


@pytest.mark.corpora
@pytest.mark.parametrize(
    ("patterns", "size"),
    [(["en/*.zst"], 8_000), (["zh/*.zst"], 32_000), (["en/w*.zst", "zh/*.zst", "code/*.zst", "multi/n*.zst"], 8_000)],
)
def test_no_false_alarm_on_real_text(patterns, size):
    texts = [text for pattern in patterns for text in corpus_texts(pattern, 80_000)]
    made = tokenizers.Tokenizer.from_str(train(texts, size).decode())
    found = check(count_pieces(texts, Form().expression), made, size)
    assert found.checked == 100 and found.single >= 98


@pytest.mark.parametrize("pretokenizer", ["gpt4", "gpt2", "chinese"])
def test_pieces_are_counted_as_the_library_cuts_them(pretokenizer):
    expression = Form(pretokenizer=pretokenizer).expression
    split = tokenizers.pre_tokenizers.Split(tokenizers.Regex(expression), "isolated")
    texts = [*corpus(40), "", "  \n\r\n", "ไม่ นमस्ते 用python写2026's 👩‍👩‍👧" + "长" * 200]
    expected = Counter(piece for text in texts for piece, _ in split.pre_tokenize_str(text))
    assert count_pieces(texts, expression) == expected
