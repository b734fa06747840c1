"""The Fit `tokenizer`: a vocabulary of the corpus that gives back every text."""

from __future__ import annotations

import dataclasses
import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, BinaryIO

from pipeline.batch import Batch
from pipeline.errors import OptionError
from pipeline.schema import option
from pipeline.stage import Fit, stage

from .encoder import END_OF_TEXT, library
from .split import TRAIN, draw
from .tokenizer_guard import MIN_VOCABULARY, Guarded, check, count_pieces
from .tokenizer_sample import Sample, Text
from .tokenizer_train import ALGORITHMS, BPE, MAX_TOKEN_BYTES, UNKNOWN, Form, check_size, to_json, train

MB = 1_000_000
MAX_MB = 2000
"""The library counts pairs in 32 bits, signed: what occurs more often would silently be no merge."""
MEASURED_BYTES = 200_000
"""Of each source and language whose tokens are counted."""
ABOUT = "about"
"""Where a `tokenizer.json` tells what it was made of: in its model, whose unknown keys are read over by the library."""
MAX_SPECIAL = 1_000
SPECIAL = re.compile(r"(?=[!-~]{3,64}\Z)[^A-Za-z0-9].*[A-Za-z0-9].*[^A-Za-z0-9]", re.ASCII)
"""A special token: text is cut between its letters and the mark that ends it, so it is never a token of text."""
BYTE_TOKEN = re.compile("<0x[0-9A-F]{2}>")
ALL = "all"
PRETOKENIZERS = ("gpt4", "gpt2", "chinese")
DIGITS = ("threes", "single")


@stage("tokenizer")
class Tokenizer(Fit):
    """Train a tokenizer on the documents; it is published as `tokenizer.json`, for `tokenizers` and `transformers`.

    Every text can be encoded, and decoding gives it back: nothing is normalized, and what has no token of its own is
    spelled by bytes. Text is first cut into pieces, by `pretokenizer`: words with the mark or space before them,
    digits, marks, spaces. Its tokens are `<|endoftext|>` (0), `special_tokens`, the 256 bytes, and what is learned:
    `bpe`: merges of pairs that occur twice or more (Sennrich 2016; bytes as in GPT-2); `wordpiece`: the same, with
    tokens that begin a piece apart from those that go on in it, so that bytes take 512, and the longest token first;
    `unigram`: pieces by a language model of them (Kudo 2018), of the characters that make up `character_coverage` of
    the sample, but at most half of the vocabulary; the others are spelled by bytes.

    It is trained on a sample of `max_mb`: the documents of the lowest hash of `seed` and uid, the last one cut. With
    `weights` (or the name of a mixture of the recipe: bytes by its weights) each source gives its share of that, with
    `languages` each language its share within each source. What a language lacks, the others of its source give, by
    weight; what a source lacks, the other sources do. Sources and languages not named give nothing. The sample takes
    `max_mb` of memory, a document for each source and language, and a batch; training some 20 bytes for a byte of
    English, 95 for one of Chinese. If the sample has too few pairs, the vocabulary is smaller than `vocab_size`.

    With `bpe` and 8,000 tokens or more, at least 95 of the 100 words that are most frequent in the sample must be
    single tokens. `tokenizer.facts.json` tells this, and what the sample held and its bytes per token, by source and
    language.

    Needs `split`, unless `side` is `all`, and with `languages` the stage language. Put it after `pii`: long tokens
    spell what the text spells often. Raises InputError if a source or language that has a weight, or the whole corpus,
    has no text to train on, and for a vocabulary that lacks frequent words.
    """

    libraries = ("numba", "numpy", "tokenizers")
    source_options = ("weights",)
    publishes = "tokenizer.json"
    version = 2

    vocab_size: int = option(32_768, "tokens at most, with bytes and special tokens", ge=257, le=1_000_000)
    algorithm: str = option(BPE, "how tokens are learned", choices=ALGORITHMS)
    pretokenizer: str = option(
        "gpt4", "how text is cut first; `chinese` is `gpt4` with Han apart from other letters", choices=PRETOKENIZERS
    )
    digits: str = option("threes", "how many digits a piece may have", choices=DIGITS)
    special_tokens: tuple[str, ...] = option(
        (), "further special tokens, such as ['<|im_start|>']: visible ASCII that begins and ends with a mark"
    )
    character_coverage: float = option(
        0.9995, "with `unigram`: share of the text whose characters are tokens, as in SentencePiece", ge=0.9, le=1
    )
    max_token_bytes: int = option(
        MAX_TOKEN_BYTES, "bytes of a token at most, with `unigram` also 16 characters", ge=4, le=1000
    )
    max_mb: float = option(32, "megabytes (10^6 bytes) of text to train on", ge=0.001, le=MAX_MB)
    max_document_chars: int = option(1_000_000, "characters of a document to train on, its first", ge=1)
    weights: dict[str, float] = option(
        {}, "source -> its weight in the sample, or the name of a mixture; empty: as they come", ge=0, le=1e9
    )
    languages: dict[str, float] = option(
        {}, "language -> its weight within each source, such as {en: 1, zh: 1}; empty: as they come", ge=0, le=1e9
    )
    side: str = option(TRAIN, "documents to train on: those of this side of `split`, or `all`", choices=(TRAIN, ALL))
    seed: int = option(0, "seed of the sample", ge=0)

    def check(self) -> None:
        """Raises OptionError for options that do not fit each other."""
        for name in ("weights", "languages"):
            if getattr(self, name) and not sum(getattr(self, name).values()):
                what = name.removesuffix("s").replace("weight", "source")
                raise OptionError(name, f"tokenizer option '{name}' gives no {what} a weight above 0")
        _check_special(self.special_tokens)
        check_size(self.vocab_size, self._form)

    @property
    def _form(self) -> Form:
        return Form(
            self.algorithm,
            self.pretokenizer,
            self.digits,
            self.special_tokens,
            self.character_coverage,
            self.max_token_bytes,
        )

    def needs(self) -> tuple[str, ...]:
        side = ("split_side",) if self.side == TRAIN else ()
        return ("text", "source", *side, *(("language_label",) if self.languages else ()))

    def fit(self, batches: Iterable[Batch], out: BinaryIO) -> None:
        sample = self.sample(batches)
        found = sample.texts()
        texts = [one.text for one in found]
        content = json.loads(train(texts, self.vocab_size, self._form))
        made = library().Tokenizer.from_str(json.dumps(content))
        guard = self._guard(texts, made)
        content["model"][ABOUT] = {
            "kind": "tokenizer",
            "options": dataclasses.asdict(self),
            "vocab_size": made.get_vocab_size(),
            "guard": guard and guard._asdict(),
            **_held(found, sample, made),
        }
        out.write(to_json(content))

    def facts(self, artifact: BinaryIO) -> dict[str, Any]:
        """What the file tells of what it was made of; no text of the corpus, unlike its tokens."""
        found: dict[str, Any] = json.load(artifact)["model"][ABOUT]
        return found

    def sample(self, batches: Iterable[Batch]) -> Sample:
        """The texts to train on, at most `max_mb` of UTF-8."""
        sample = Sample(round(self.max_mb * MB), self.weights, self.languages)
        for batch in batches:
            texts, n_rows = batch.column("text"), len(batch)
            sides = batch.column("split_side").to_pylist() if self.side == TRAIN else [TRAIN] * n_rows
            languages = batch.column("language_label").to_pylist() if self.languages else [""] * n_rows
            columns = [batch.column(name).to_pylist() for name in ("uid", "source")]
            for row, (uid, source, side, language) in enumerate(zip(*columns, sides, languages, strict=True)):
                pool = sample.pool(source, language) if side == TRAIN else None
                key = draw(self.seed, self.name, uid)
                if pool is not None and pool.takes(key):
                    text = texts[row].as_py()[: self.max_document_chars]
                    pool.add(key, text.encode(), source, language)
            sample.settle()
        return sample

    def _guard(self, texts: Sequence[str], made: Any) -> Guarded | None:
        """Look for frequent words that are no tokens, where there should be none."""
        if self.algorithm != BPE or self.vocab_size < MIN_VOCABULARY:
            return None
        counts = count_pieces(texts, self._form.expression)
        counts = Counter({piece: n for piece, n in counts.items() if len(piece.encode()) <= self.max_token_bytes})
        return check(counts, made, self.vocab_size)


def _check_special(tokens: tuple[str, ...]) -> None:
    """Raises OptionError for special tokens that are not special."""
    if len(tokens) > MAX_SPECIAL:
        raise OptionError(
            "special_tokens", f"tokenizer option 'special_tokens' may have {MAX_SPECIAL}, not {len(tokens)}"
        )
    for token, count in Counter(tokens).items():
        if not SPECIAL.fullmatch(token):
            why = "must be 3 to 64 visible ASCII characters, a mark at both ends and a letter or digit between them"
        elif count > 1 or token in (END_OF_TEXT, UNKNOWN) or BYTE_TOKEN.fullmatch(token):
            why = "is there already"
        else:
            continue
        raise OptionError("special_tokens", f"tokenizer option 'special_tokens': {token!r} {why}")


def _held(found: Sequence[Text], sample: Sample, made: Any) -> dict[str, Any]:
    """What the sample held, by source and by language, and bytes per token of some of it.

    asked_bytes: by weight, null without weights; measured_bytes and tokens: of the documents that were measured.
    """
    groups: dict[tuple[str, str], Counter[str]] = {}
    for one in found:
        counts = groups.setdefault((one.source, one.language), Counter())
        n_bytes = len(one.text.encode())
        counts.update(bytes=n_bytes, documents=1)
        if counts["measured_bytes"] < MEASURED_BYTES:
            text = one.text[:MEASURED_BYTES]
            (ids,) = made.encode_batch_fast([text], add_special_tokens=False)
            counts.update(measured_bytes=len(text.encode()), tokens=len(ids.ids))
    told: dict[str, Any] = {}
    for position, (kind, asked) in enumerate(zip(("sources", "languages"), sample.asked(), strict=True)):
        by_name: dict[str, Counter[str]] = {}
        for group, counts in sorted(groups.items()):
            by_name.setdefault(group[position], Counter()).update(counts)
        told[kind] = {
            name: {"asked_bytes": round(asked[name]) if name in asked else None, **counts}
            for name, counts in by_name.items()
            if name
        }
    return told
