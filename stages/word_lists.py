"""Word lists: files of terms that a user names, such as words that a corpus should not hold. None ships."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator

from pipeline.errors import InputError

MAX_TERM_CHARS = 200
MAX_TERMS = 1_000_000
MAX_LINE_BYTES = 10_000


def read_terms(path: str) -> tuple[str, ...]:
    """The terms of a file, in its order: UTF-8 text (a byte order mark is allowed), one term per line.

    White space around a term is no part of it. Blank lines, lines that begin with `#`, and terms that were there
    before are passed over. Raises InputError for a file that is missing, is not UTF-8, holds no term, or holds more
    than 1,000,000 or one of more than 200 characters.
    """
    terms: dict[str, None] = {}
    for number, term in _terms(path):
        if len(term) > MAX_TERM_CHARS:
            raise InputError(
                f"{path}:{number}: a term of {len(term)} characters, where {MAX_TERM_CHARS} are allowed; "
                "a word list has one word or phrase per line"
            )
        terms[term] = None
        if len(terms) > MAX_TERMS:
            raise InputError(f"{path}:{number}: more than {MAX_TERMS:,} terms; divide the list")
    if not terms:
        raise InputError(f"{path} holds no term; write one word or phrase per line, without `#` before it")
    return tuple(terms)


def identity(path: str) -> str:
    """The SHA-256 of a word list, for fingerprints. Raises InputError if there is no such file."""
    with _opened(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _opened(path: str):
    """The file at a path (`~`, absolute, or from the working directory)."""
    try:
        return open(os.path.expanduser(path), "rb")
    except OSError as error:
        raise InputError(f"cannot read the word list {path}: {error.strerror}; give the path of a text file") from error


def _terms(path: str) -> Iterator[tuple[int, str]]:
    """The terms with their line numbers, from 1. Lines are read up to a limit, for any file may be given."""
    with _opened(path) as file:
        number = 0
        while line := file.readline(MAX_LINE_BYTES):
            number += 1
            term = _decoded(line, path, number).removeprefix("\ufeff" if number == 1 else "").strip()
            if len(line) == MAX_LINE_BYTES:
                raise InputError(f"{path}:{number}: a line of {MAX_LINE_BYTES:,} bytes or more is no term")
            if term and not term.startswith("#"):
                yield number, term


def _decoded(line: bytes, path: str, number: int) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        raise InputError(f"{path}:{number}: not UTF-8 ({error.reason}); save the word list as UTF-8") from error
