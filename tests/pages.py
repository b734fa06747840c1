"""Web pages taken apart: their prose, and their menus, lists of links and the like."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

BLOCK = re.compile(
    "article|aside|blockquote|body|br|d[dlt]|div|footer|form|h[1-6]|header|li|main|nav|ol|p|pre|section|table|tbody|t[dhr]"
    "|title|ul"
)


class Blocks(HTMLParser):
    """Collects the text of each block, what share of it is in links, and whether it is preformatted."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, float, bool]] = []
        self._open = {"a": 0, "pre": 0, "script": 0, "style": 0}
        self._texts: list[str] = []
        self._n_chars = self._n_linked = 0

    def end_block(self) -> None:
        text = " ".join("".join(self._texts).split())
        if text:
            self.found.append((text, self._n_linked / max(1, self._n_chars), self._open["pre"] > 0))
        self._texts, self._n_chars, self._n_linked = [], 0, 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if BLOCK.fullmatch(tag):
            self.end_block()
        if tag in self._open and (tag != "a" or any(name == "href" for name, _ in attrs)):
            self._open[tag] += 1

    def handle_endtag(self, tag: str) -> None:
        if BLOCK.fullmatch(tag):
            self.end_block()
        if tag in self._open:
            self._open[tag] = max(0, self._open[tag] - 1)

    def handle_data(self, data: str) -> None:
        if self._open["script"] or self._open["style"]:
            return
        self._texts.append(data)
        self._n_chars += len(data.strip())
        self._n_linked += len(data.strip()) if self._open["a"] else 0


def prose_and_menus(content: bytes) -> tuple[str, str]:
    """The paragraphs of a page that are sentences with few links, and the blocks that are mostly links."""
    charset = re.search(rb"charset=[\"']?([\w-]+)", content[:2000])
    parser = Blocks()
    parser.feed(content.decode(charset.group(1).decode() if charset else "utf-8"))
    parser.end_block()
    prose = [text for text, linked, is_code in parser.found if linked < 0.3 and not is_code and is_paragraph(text)]
    return "\n".join(prose), "\n".join(text for text, linked, is_code in parser.found if linked > 0.6 and not is_code)


def is_paragraph(text: str) -> bool:
    """Whether it is long enough, ends as a sentence does, and does not begin like the signature of a method."""
    return len(text.encode()) >= 120 and text[-1] in '.!?。！？…”"' and "(" not in text[:40]


def pages(folder: Path) -> tuple[list[str], list[str]]:
    """Prose and menus of each page below a folder that has enough of both."""
    found = [prose_and_menus(path.read_bytes()) for path in sorted(folder.iterdir())]
    full = [one for one in found if min(map(len, one)) > 200]
    return [prose for prose, _ in full], [menus for _, menus in full]
