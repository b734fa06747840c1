"""The slow truth about lines and paragraphs, written from the definitions and not from the kernel."""

from __future__ import annotations

import re

NUMERALS = "0-9０-９〇零一二三四五六七八九十百"
NUMBERED = re.compile(rf"[(（]?([{NUMERALS}]{{1,3}}|[A-Za-z])([、．）]|[.)](\s|\Z))|[\u2460-\u24ea]")


def copies(items: list[str]) -> list[str]:
    """The items that equal an earlier one."""
    return [item for number, item in enumerate(items) if item in items[:number]]


def is_terminated(line: str, terminal: str, closing: str) -> bool:
    """Whether a line ends in a terminal mark and any number of closing ones."""
    for character in reversed(line):
        if character in terminal:
            return True
        if character not in closing:
            return False
    return False


def lines(text: str, terminal: str, bullets: str, closing: str, short: int) -> list[int]:
    """The measures of `stages.kernels.lines`, in their order."""
    split = [line.strip() for line in text.splitlines()]
    bulleted = [line for line in split if line.startswith(tuple(bullets))]
    raw = text.split("\n")
    visible = [line for line in raw if line.strip()]
    gopher, paragraphs = re.split("\n+", text), re.split("\n{2,}", text.strip())
    return [
        len(split),
        len(bulleted),
        sum(line in bulleted or bool(NUMBERED.match(line)) for line in split),
        sum(line.endswith(("...", "…")) for line in split),
        len(visible),
        sum(is_terminated(line, terminal, closing) for line in visible),
        sum(len(line) <= short for line in visible),
        sum(map(len, copies(visible))),
        text.count("\n"),
        len(text.replace("\n", "")),
        len(gopher),
        len(copies(gopher)),
        sum(map(len, copies(gopher))),
        len(paragraphs),
        len(copies(paragraphs)),
        sum(map(len, copies(paragraphs))),
        max(map(len, raw)),
        sum(len(line) > 1000 for line in raw),
        len(text),
    ]
