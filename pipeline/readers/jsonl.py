"""JSON Lines: one JSON object per line, plain or compressed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from pipeline.errors import listed
from pipeline.rows import EXCERPT_CHARS
from pipeline.schema import option

from .base import Bad, Document, Input, reader
from .files import TableReader, excerpt
from .streams import Line, decode, lines, open_input
from .values import TooDeepError, plain_text

MAX_DIGITS = 4300
"""Digits of the longest integer that Python makes from text by default; longer ones stay text."""

MAX_CHAR_BYTES = 4
"""Of a character in UTF-8."""


def _integer(digits: str) -> int | str:
    return int(digits) if len(digits) <= MAX_DIGITS else digits


_parse = json.JSONDecoder(parse_constant=str, parse_int=_integer).decode


@reader("jsonl")
class Jsonl(TableReader):
    """One JSON object per line; compressed if the name ends in .gz, .zst, .bz2 or .xz.

    A row's number is its line's, and blank lines are skipped. Fields other than text and id go to
    `meta`. A line that cannot be used is a bad row: `bad_json`, `not_an_object`, `missing_text`,
    `text_not_a_string`, `line_too_long` or `nested_too_deep`.

        sources:
          web: {reader: jsonl, paths: ["data/web/*.jsonl.zst"], text: content, id: url}
    """

    max_line_mb: float = option(64.0, "MB; a longer line is a bad row", ge=0.0001)

    def read(self, item: Input) -> Iterator[Document | Bad]:
        """A Document or Bad per line that is not blank."""
        most = int(self.max_line_mb * 1_000_000)
        with open_input(item.location) as file:
            for line in lines(file, most):
                if not line.whole:
                    yield _bad(item, line, "line_too_long", f"the line is longer than {self.max_line_mb} MB")
                elif not line.data.isspace() and line.data:
                    yield self._row(item, line)

    def _row(self, item: Input, line: Line) -> Document | Bad:
        try:
            values = _parse(decode(line.data))
            if not isinstance(values, dict):
                return _bad(item, line, "not_an_object", f"the line is {_kind(values)}, not a JSON object")
            if self.text not in values:
                names = listed([*map(plain_text, values)]) or "none"
                return _bad(item, line, "missing_text", f"there is no field '{self.text}' (fields: {names})")
            text = values[self.text]
            if not isinstance(text, str):
                return _bad(item, line, "text_not_a_string", f"the field '{self.text}' is {_kind(text)}, not a string")
            own_id, meta = self.split(values)
            return Document(line.row, text, own_id, meta)
        except (RecursionError, TooDeepError):
            return _bad(item, line, "nested_too_deep", "the JSON is nested too deeply")
        except ValueError as error:
            return _bad(item, line, "bad_json", f"the line is not valid JSON ({plain_text(str(error))})")


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    names = {
        bool: "a truth value",
        int: "a number",
        float: "a number",
        str: "a string",
        list: "a list",
        dict: "an object",
    }
    return names[type(value)]


def _bad(item: Input, line: Line, reason: str, what: str) -> Bad:
    shown = line.data[: MAX_CHAR_BYTES * EXCERPT_CHARS].decode(errors="replace")
    return Bad(line.row, reason, f"{item.location}:{line.row + 1}: {what}", excerpt(shown))
