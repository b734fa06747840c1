"""Untrusted text and tables in Markdown."""

from __future__ import annotations

import re

from .text import visible

SPECIAL = re.compile(r"([\\`*_{}\[\]()<>#+!|~&$-]|:(?=//)|(?<=www)\.)", re.IGNORECASE)


def plain(text: object) -> str:
    """Untrusted text on one line, with everything escaped that Markdown or HTML would read.

    GitHub makes links of bare addresses: the `:` of `://` and the point of `www.` are escaped too. An escaped `@`
    would still make one (and a mention of a user), an empty comment after it does not.
    """
    escaped = SPECIAL.sub(r"\\\1", " ".join(visible(text).split()))
    return escaped.replace("\\<", "&lt;").replace("\\&", "&amp;").replace("@", "@<!-- -->")


def table(head: list[str], rows: list[list[str]]) -> str:
    """A table; the first column is text, the others are numbers. Cells are written as they are."""
    lines = [head, ["---"] + ["--:"] * (len(head) - 1), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def block(text: str, language: str) -> str:
    """A block of code that nothing in the text can end."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    bar = "`" * max(3, longest + 1)
    return f"{bar}{language}\n{visible(text).rstrip()}\n{bar}"
