"""From texts to a `tokenizer.json` in one of three forms, each of which gives back every text.

`bpe`: byte-level BPE (Sennrich 2016; bytes as in GPT-2). `wordpiece`: the same merges, of tokens that begin a piece and
of those that go on in it, which have PREFIX; text is then encoded by the longest token first (Schuster and Nakajima
2012). `unigram`: see `tokenizer_unigram`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from pipeline.errors import OptionError

from .encoder import END_OF_TEXT, library
from .pretokenizers import pattern

BPE, WORDPIECE, UNIGRAM = ALGORITHMS = ("bpe", "wordpiece", "unigram")
MIN_COUNT = 2
"""A pair of tokens that occurs once is no pattern."""
PREFIX = "‿"
"""Of a token of WordPiece that does not begin a piece; as no byte's character, it cannot be met in one."""
UNKNOWN = "<unk>"
"""Which the library's unigram model wants to have. With a token for every byte, nothing is unknown."""
MAX_TOKEN_BYTES = 32
"""Of a token by default: a long word, ten Chinese characters. Whatever sentence a corpus repeats is a token else."""
MAX_PIECE_CHARS = 10_000
"""Of a piece that WordPiece takes; it has fewer by the patterns, and would else be unknown."""


class Form(NamedTuple):
    """How texts are cut and tokens learned; see the options of the stage."""

    algorithm: str = BPE
    pretokenizer: str = "gpt4"
    digits: str = "threes"
    special_tokens: tuple[str, ...] = ()
    character_coverage: float = 0.9995
    max_token_bytes: int = MAX_TOKEN_BYTES

    @property
    def special(self) -> list[str]:
        """The special tokens, which have the first ids."""
        return [END_OF_TEXT, *self.special_tokens, *([UNKNOWN] if self.algorithm == UNIGRAM else [])]

    @property
    def expression(self) -> str:
        """What texts are cut by."""
        return pattern(self.pretokenizer, self.digits)

    @property
    def n_fixed(self) -> int:
        """Tokens that there are in any case: the special ones and the bytes, for WordPiece in two forms."""
        return len(self.special) + (512 if self.algorithm == WORDPIECE else 256)


def train(texts: Sequence[str], vocab_size: int, form: Form = Form()) -> bytes:  # noqa: B008 - it is frozen
    """The content of a `tokenizer.json` of at most `vocab_size` tokens, learned from these texts in any order.

    Raises OptionError if `vocab_size` has no room for the tokens that there are in any case.
    """
    check_size(vocab_size, form)
    content = _unigram(texts, vocab_size, form) if form.algorithm == UNIGRAM else _merged(texts, vocab_size, form)
    return to_json(content)


def check_size(vocab_size: int, form: Form) -> None:
    """Raises OptionError if there is no room for the tokens that there are in any case."""
    if vocab_size < form.n_fixed:
        what = f"the {form.n_fixed} that {form.algorithm} has in any case: bytes and special tokens"
        raise OptionError("vocab_size", f"tokenizer option 'vocab_size' must be at least {what}, got {vocab_size}")


def to_json(content: dict[str, Any]) -> bytes:
    """The content of a `tokenizer.json`."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def _splitter(form: Form) -> Any:
    """The library's pre-tokenizer that cuts text into pieces."""
    tokenizers = library()
    return tokenizers.pre_tokenizers.Split(tokenizers.Regex(form.expression), "isolated")


def _merged(texts: Sequence[str], vocab_size: int, form: Form) -> dict[str, Any]:
    """A BPE, or the WordPiece of one: the library's own trainer for that does the same, but has no longest token."""
    tokenizers = library()
    byte_level = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    alphabet, decoders = sorted(byte_level.alphabet()), tokenizers.decoders
    is_wordpiece = form.algorithm == WORDPIECE
    # Named as special, all bytes have their continuing form, and ids that no order of a hash table decides.
    continuing = [PREFIX + byte for byte in alphabet] if is_wordpiece else []
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=vocab_size,
        min_frequency=MIN_COUNT,
        show_progress=False,
        special_tokens=[*form.special, *continuing],
        initial_alphabet=alphabet,
        limit_alphabet=len(alphabet),
        max_token_length=form.max_token_bytes,
        **({"continuing_subword_prefix": PREFIX} if is_wordpiece else {}),
    )
    made = tokenizers.Tokenizer(tokenizers.models.BPE())
    made.pre_tokenizer = tokenizers.pre_tokenizers.Sequence([_splitter(form), byte_level])
    made.decoder = decoders.ByteLevel()
    made.train_from_iterator(texts, trainer)
    if is_wordpiece:
        made.decoder = decoders.Sequence([decoders.Replace(PREFIX, ""), decoders.ByteLevel()])
        made.model = tokenizers.models.WordPiece(
            made.get_vocab(),
            unk_token=UNKNOWN,
            continuing_subword_prefix=PREFIX,
            max_input_chars_per_word=MAX_PIECE_CHARS,
        )
    content: dict[str, Any] = json.loads(made.to_str())
    content["added_tokens"] = content["added_tokens"][: len(form.special)]
    return content


def _unigram(texts: Sequence[str], vocab_size: int, form: Form) -> dict[str, Any]:
    from .tokenizer_unigram import learned

    tokenizers = library()
    fixed = [(token, 0.0) for token in [*form.special, *(f"<0x{byte:02X}>" for byte in range(256))]]
    found = learned(texts, vocab_size - len(fixed), form.character_coverage, form.expression, form.max_token_bytes)
    made = tokenizers.Tokenizer(tokenizers.models.Unigram([*fixed, *found], form.special.index(UNKNOWN), True))
    made.pre_tokenizer = _splitter(form)
    made.decoder = tokenizers.decoders.Sequence([tokenizers.decoders.ByteFallback(), tokenizers.decoders.Fuse()])
    made.add_special_tokens(form.special)
    content: dict[str, Any] = json.loads(made.to_str())
    return content
