"""ARPA files of n-gram language models: read as kenlm reads them, and written.

Letters: V words, n the length of n-grams, M n-grams. An ARPA file is text: `\\data\\` and how many n-grams of each
length follow, a section for each length (log10 of the probability, tab, the words, tab, log10 of the back-off weight),
and `\\end\\` (Doug Paul's format of the ARPA project, as SRILM's manual `ngram-format` has it).
"""

from __future__ import annotations

import io
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.errors import InputError, shortened

from . import ngram_file
from .ngram_arpa_text import Level, parsed
from .ngram_file import MAGIC, Lm, Model, Writer

ALL = "all"
"""Stands for the language in a model of others."""
CHUNK = 100_000
"""n-grams that are written at a time."""


def load(path: str, tokens: str = "spaces") -> Lm:
    """The models of a file of ours, or the one of an ARPA file as language `all`. Raises InputError.

    tokens: the kind of tokens that text is cut into for an ARPA file, which does not say it.
    """
    try:
        with open(path, "rb") as file:
            is_ours = file.read(len(MAGIC)) == MAGIC
    except OSError as error:
        raise ngram_file.refused(path, error) from error
    return ngram_file.read(path) if is_ours else Lm({ALL: read(path, tokens)}, {})


def read(source: str | BinaryIO, tokens: str = "spaces") -> Model:
    """The model in an ARPA file, plain or compressed with gzip or zstd. Raises InputError.

    A file without `<unk>` gets it, as unlikely as 10^-100. n-grams whose suffix is missing, as SRILM's pruning leaves
    them, get it with the probability it has by back-off, as in kenlm. A probability above 1, a number that is none, an
    n-gram that stands there twice, a word that is no 1-gram, and other counts than the first lines say are refused.
    """
    out = io.BytesIO()
    convert(source, out, tokens, {})
    return ngram_file.parse(out.getbuffer(), "made here").models[ALL]


def convert(source: str | BinaryIO, out: BinaryIO, tokens: str, about: dict[str, Any]) -> None:
    """Write an ARPA file as one of ours, which opens at once and is shared by processes. Raises InputError."""
    from .kernels.ngram_tokens import hashes_of

    name = source if isinstance(source, str) else getattr(source, "name", "the ARPA file")
    try:
        if isinstance(source, str):
            with open(source, "rb") as file:
                words, levels = parsed(file)
        else:
            words, levels = parsed(source)
    except (ValueError, OSError, MemoryError) as error:
        if isinstance(error, InputError):
            raise
        said = shortened(str(error))
        raise InputError(
            f"{name} is not a usable ARPA file ({said}): see that it is complete, or make it again"
        ) from error
    _write_levels(Writer(out), words, _completed(levels, hashes_of(words)), tokens, about)


def _write_levels(writer: Writer, words: list[bytes], levels: list[Level], tokens: str, about: dict[str, Any]) -> None:
    writer.begin(ALL, len(levels), tokens, 0.0, words)
    for n, level in enumerate(levels, 1):
        with writer.table(n, len(level.keys)) as table:
            table.add(level.keys, level.ids, level.probs, level.backoffs)
    writer.finish(about)


def _completed(levels: list[Level], hashes: Any) -> list[Level]:
    """The levels with the suffixes that they lack, as kenlm makes them: their weight is 1, their probability that which
    they have by back-off."""
    from .kernels.ngram_tokens import keys

    is_blank = [np.zeros(len(level.keys), bool) for level in levels]
    for n in range(len(levels) - 1, 1, -1):
        suffixes = np.ascontiguousarray(levels[n].ids[:, 1:])
        found, first = np.unique(keys(hashes, suffixes), return_index=True)
        lacking = first[levels[n - 1].places(found) < 0]
        blanks = suffixes[lacking]
        zeros = np.zeros(len(blanks), np.float32)
        added = Level(blanks, keys(hashes, blanks), zeros, zeros)
        joined = levels[n - 1].joined(added)
        is_blank[n - 1] = np.argsort(joined.keys) >= len(levels[n - 1].keys)
        levels[n - 1] = joined.sorted()
    for n in range(1, len(levels) - 1):
        rows, lower = np.flatnonzero(is_blank[n]), levels[n - 1]
        ids = levels[n].ids[rows]
        suffix = lower.places(keys(hashes, np.ascontiguousarray(ids[:, 1:])))
        context = lower.places(keys(hashes, np.ascontiguousarray(ids[:, :-1])))
        levels[n].probs[rows] = lower.probs[suffix] + np.where(context >= 0, lower.backoffs[context], 0)
    return levels


def write(model: Model, out: BinaryIO) -> None:
    """Write a model as an ARPA file: 1-grams by id, others in the order of their keys.

    Raises InputError if the format cannot tell what the model is (stupid back-off, words with white space), or if the
    n-grams in the file are damaged.
    """
    words = model.words.to_list()
    if model.unseen:
        raise InputError(
            "an ARPA file cannot hold stupid back-off, which also weighs contexts it has not seen: save it as .lm"
        )
    if any(len(word.split()) != 1 or word != word.strip() for word in words):
        raise InputError("an ARPA file cannot hold words with white space: save the model as .lm")
    tables = [model.table(n) for n in range(1, model.order + 1)]
    for ids, (keys, _, _) in zip(model.ids, tables, strict=True):
        if len(ids) != len(keys) or (len(ids) and not 0 <= ids.min() <= ids.max() < len(words)):
            raise InputError("the language model is damaged, its n-grams are not those of its words: train it again")
    out.write(b"\\data\\\n")
    for n, (keys, _, _) in enumerate(tables, 1):
        out.write(b"ngram %d=%d\n" % (n, len(keys)))
    names = pa.array(words, pa.large_binary())
    for n, (_, probs, weights) in enumerate(tables, 1):
        out.write(b"\n\\%d-grams:\n" % n)
        ids = model.ids[n - 1]
        order = np.argsort(ids[:, 0]) if n == 1 else np.arange(len(ids))
        for first in range(0, len(order), CHUNK):
            rows = order[first : first + CHUNK]
            _write_rows(out, names, ids[rows], probs[rows], weights[rows] if n < model.order else None)
    out.write(b"\n\\end\\\n")


def _write_rows(out: BinaryIO, names: Any, ids: Any, probs: Any, weights: Any) -> None:
    def texts(values: Any) -> Any:
        return pa.array(values).cast(pa.large_string()).cast(pa.large_binary())

    space, tab = pa.scalar(b" ", pa.large_binary()), pa.scalar(b"\t", pa.large_binary())
    ngrams = pc.binary_join_element_wise(*(names.take(pa.array(column)) for column in ids.T), space)
    columns = [texts(probs), ngrams, *([texts(weights)] if weights is not None else [])]
    out.writelines(line + b"\n" for line in pc.binary_join_element_wise(*columns, tab).to_pylist())
