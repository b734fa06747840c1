"""Small tokenizers of the three kinds that give text back, made with the library's own trainers."""

from __future__ import annotations

import functools
import json

import tokenizers
from packed_folders import byte_characters
from tokenizer_cases import corpus
from tokenizers import decoders, models, pre_tokenizers, trainers

from stages.pretokenizers import GPT2, pattern

KINDS = ("bpe", "wordpiece", "unigram")
SPECIAL = ["<|endoftext|>", "<|pad|>", "USER"]
"""The last one is what text may say as a word."""


def _bordered(expression: str) -> list:
    split = pre_tokenizers.Split(tokenizers.Regex(expression), "isolated")
    return [split, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]


def _bpe(size: int):
    made = tokenizers.Tokenizer(models.BPE())
    made.decoder = decoders.ByteLevel()
    return made, trainers.BpeTrainer(
        vocab_size=size, special_tokens=SPECIAL, initial_alphabet=byte_characters(), show_progress=False
    )


def _wordpiece(size: int):
    made = tokenizers.Tokenizer(models.WordPiece(max_input_chars_per_word=1000))
    made.decoder = decoders.Sequence([decoders.Replace("‿", ""), decoders.ByteLevel()])
    return made, trainers.WordPieceTrainer(
        vocab_size=size,
        special_tokens=SPECIAL,
        initial_alphabet=byte_characters(),
        continuing_subword_prefix="‿",
        show_progress=False,
    )


def _unigram(size: int):
    made = tokenizers.Tokenizer(models.Unigram())
    made.decoder = decoders.Sequence([decoders.ByteFallback(), decoders.Fuse()])
    return made, trainers.UnigramTrainer(
        vocab_size=size, special_tokens=[*SPECIAL, "<unk>"], unk_token="<unk>", show_progress=False
    )


@functools.cache
def trained(kind: str, name: str = "gpt4", digits: str = "threes", size: int = 900) -> dict:
    """The content of a `tokenizer.json` of one kind that cuts text in this way."""
    return learned(kind, name, digits, size, [*corpus(), "USER USER ab abc " * 50])


def learned(kind: str, name: str, digits: str, size: int, texts: list[str]) -> dict:
    """The same, learned of these texts; name: of a pattern, or `published` for GPT-2's own."""
    made, trainer = {"bpe": _bpe, "wordpiece": _wordpiece, "unigram": _unigram}[kind](size)
    steps = _bordered(GPT2 if name == "published" else pattern(name, digits))
    made.pre_tokenizer = pre_tokenizers.Sequence(steps if kind != "unigram" else steps[:1])
    made.train_from_iterator(texts, trainer)
    content = json.loads(made.to_str())
    model = content["model"]
    if kind == "wordpiece":
        model["continuing_subword_prefix"] = "‿"
        model["vocab"] |= {token: len(model["vocab"]) + place for place, token in enumerate(_missing(model["vocab"]))}
    if kind == "unigram":
        low = min(score for _, score in model["vocab"]) - 5
        model["vocab"] += [[f"<0x{byte:02X}>", low] for byte in range(256)]
        model["byte_fallback"] = True
    return content


def _missing(vocab: dict[str, int]) -> list[str]:
    return [token for one in byte_characters() for token in (one, f"‿{one}") if token not in vocab]
