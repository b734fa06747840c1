"""The slow truth about terms, markup and C4's lines, written from the definitions and not from the kernels."""

from __future__ import annotations

import re
import unicodedata

import reference


def spellings(pattern: str) -> set[str]:
    """The cases in which a pattern is looked for, ASCII letters in lower case."""
    if pattern.isascii():
        return {ascii_lower(pattern)}
    cases = (pattern, pattern.lower(), pattern.upper(), pattern.title(), pattern.capitalize())
    return {ascii_lower(case) for case in cases}


def ascii_lower(text: str) -> str:
    return re.sub("[A-Z]", lambda found: found[0].lower(), text)


def in_word(character: str) -> bool:
    return character == "_" or reference.kind(character) in "lmd"


def is_free(text: str, start: int, stop: int) -> bool:
    """Whether what stands there touches no word on a side where it has a word's character itself."""
    if in_word(text[start]) and start > 0 and in_word(text[start - 1]):
        return False
    return not (in_word(text[stop - 1]) and stop < len(text) and in_word(text[stop]))


def hits(text: str, patterns: list[tuple[str, int]], n_groups: int, whole_words: bool) -> tuple[list[int], list[int]]:
    """Hits and their characters per group."""
    folded = ascii_lower(text)
    counts, chars = [0] * n_groups, [0] * n_groups
    for group in range(n_groups):
        terms = {term for pattern, of in patterns if of == group for term in spellings(pattern)}
        last = 0
        for stop in range(1, len(text) + 1):
            starts = [stop - len(term) for term in terms if folded[:stop].endswith(term)]
            starts = [start for start in starts if not whole_words or is_free(text, start, stop)]
            if starts:
                counts[group] += 1
                chars[group] += stop - max(min(starts), last)
                last = stop
    return counts, chars


CITATION = re.compile(r"\[\d*]|\[edit]|\[citation needed]")
POLICY = ("terms of use", "privacy policy", "cookie policy", "uses cookies", "use of cookies", "use cookies")


def ends(line: str, terminal: str, closing: str) -> bool:
    """Whether a line ends as a sentence may; the marks are those that a profile adds."""
    last = line
    while last.endswith(tuple(closing)) and not last.endswith(tuple("”’」』»›")):
        last = last[:-1]
    quotes = set(closing) & set("”’」』»›")
    return last.endswith((*".?!\"'", *terminal, *quotes)) and not last.endswith("...")


def cause(line: str, words: list[str], spaced: bool, marks: tuple[str, str] | None, options) -> str | None:
    """Which rule of C4 removes a stripped line, or None. marks: TERMINAL and CLOSING; None: ends are not judged."""
    if spaced and options.max_word_chars >= 0 and any(len(word) > options.max_word_chars for word in words):
        return "long"
    if options.remove_citations:
        line = CITATION.sub("", line)
    if options.require_terminal and marks is not None and not ends(line, *marks):
        return "terminal"
    if len(words) < options.min_words:
        return "few"
    if options.remove_javascript and "javascript" in ascii_lower(line):
        return "javascript"
    if options.remove_policy and any(phrase in ascii_lower(line) for phrase in POLICY):
        return "policy"
    return None


def c4(text: str, spaced: bool, marks: tuple[str, str] | None, options) -> tuple[str, list[int]]:
    """The text that C4 leaves, and the counts of `stages.kernels.c4` in their order."""
    kept, causes = [], []
    lorem_ipsum = brace = 0
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        causes.append(cause(line, line.split() if spaced else reference.words(line), spaced, marks, options))
        cut = CITATION.sub("", line) if options.remove_citations else line
        if causes[-1] in ("javascript", "policy", None) and "lorem ipsum" in ascii_lower(cut):
            lorem_ipsum = lorem_ipsum or number
        if causes[-1] in ("policy", None) and "{" in cut:
            brace = brace or number
        if causes[-1] is None:
            kept.append(cut)
    names = (None, "long", "terminal", "few", "javascript", "policy")
    return "\n".join(kept).strip(), [len(causes), *map(causes.count, names), lorem_ipsum, brace]


def sentences(tokens: list[str], ends: set[str]) -> int:
    """How many sentences spaCy's sentencizer sees in the tokens of a line, 1 if there are none."""
    n_sentences, ended = 1, False
    for token in tokens:
        is_punctuation = all(unicodedata.category(character)[0] == "P" for character in token)
        if ended and not is_punctuation and token not in ends:
            n_sentences, ended = n_sentences + 1, False
        ended |= token in ends
    return n_sentences


NAME = "[A-Za-z][A-Za-z0-9:_.-]*"
ENCODED_RUN = "(?<![A-Za-z0-9+/=])[A-Za-z0-9+/=]{64,}"
BYTE = "(?<![A-Za-z0-9+/=])0[xX][0-9A-Fa-f]{2}(?![A-Za-z0-9+/=])"
URL_CHARACTER = "[^\\x00-\\x20\\x7f-\\xa0\"'`<>«»\u1680\u2000-\U0010ffff]"
MARKUP = [
    ("tag", 2000, rf"(?i)</?{NAME}([ \t\r\n\f][^<>]*|/)?>"),
    ("tag", 2000, r"(?i)<(!doctype|\?xml)(?![A-Za-z0-9])[^<>]*>"),
    ("tag", 2000, r"(?s)<!--((?!-->|<!--).)*-->"),
    ("template", 200, r"\{\{[^{}\n]+\}\}|\{%[^{}%\n]+%\}|<%[^<>%\n]+%>|\$\{[A-Za-z_][A-Za-z0-9_.]*\}"),
    ("template", 200, r"(?i)<\?php|(?<![A-Za-z0-9_])function\("),
    ("entity", 200, "&([A-Za-z][A-Za-z0-9]{1,31}|#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6});"),
    ("encoded", None, rf"{ENCODED_RUN}|(\\x[0-9A-Fa-f]{{2}}){{8,}}|(\\u[0-9A-Fa-f]{{4}}){{8,}}"),
    ("encoded", None, rf"{BYTE}(,[ \t\r\n\f]{{0,20}}{BYTE}){{7,}}"),
    ("url", None, rf"(?i)(?<![A-Za-z0-9])((https?|ftp)://{URL_CHARACTER}|www\.[A-Za-z0-9]){URL_CHARACTER}*"),
]
COMPILED = [(name, most, re.compile(pattern, re.ASCII)) for name, most, pattern in MARKUP]
GENERATED = (
    "auto-generated", "autogenerated", "automatically generated", "generated automatically", "this file is generated",
    "do not edit", "do not modify",
)  # fmt: skip


def markup_at(text: str, position: int) -> tuple[str, str] | None:
    """What begins at a position: its kind and its text."""
    for name, most, pattern in COMPILED:
        found = pattern.match(text, position)
        if not found or (most and len(found[0].encode()) > most):
            continue
        is_run = name == "encoded" and re.fullmatch("[A-Za-z0-9+/=]+", found[0])
        if not is_run or (re.search("[A-Za-z]", found[0]) and re.search("[0-9]", found[0])):
            return name, found[0]
    return None


def markup(text: str) -> list[int]:
    """The measures of `stages.kernels.markup`, in their order."""
    pieces, position = [], 0
    while position < len(text):
        pieces.append(markup_at(text, position))
        position += len(pieces[-1][1]) if pieces[-1] else 1
    by_name = {name: [piece[1] for piece in pieces if piece and piece[0] == name] for name, _, _ in MARKUP}
    head = ascii_lower("\n".join(text.split("\n")[:5]).encode()[:1000].decode(errors="ignore"))
    return [
        len(by_name["tag"]),
        sum(map(len, by_name["tag"])),
        len(by_name["entity"]),
        len(by_name["url"]),
        sum(map(len, by_name["url"])),
        len(by_name["template"]),
        sum(map(len, by_name["encoded"])),
        int(any(mark in head for mark in GENERATED)),
        int("<?xml version=" in ascii_lower(text[:100])),
    ]
