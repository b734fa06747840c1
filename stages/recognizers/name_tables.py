"""Persons in tables: the cells below a heading such as `Name` or 姓名, in Markdown or with commas or tabs between."""

from __future__ import annotations

import re
from collections.abc import Iterator

from . import latin_names, marks, names_chinese
from .known_names import is_known
from .rule import Rule, Settings, Span, around

FORM = 0.6
HEADINGS = (
    "name", "full name", "contact", "contact person", "contact name", "customer", "customer name", "client", "employee",
    "employee name", "student", "student name", "patient", "patient name", "passenger", "guest", "member", "author",
    "姓名", "联系人", "聯絡人", "收件人", "收货人", "患者", "学生", "學生", "学生姓名", "員工", "员工", "员工姓名",
    "客户姓名", "乘客", "旅客", "负责人", "負責人", "经办人", "申请人", "申請人",
)  # fmt: skip
LINE_BYTES, TABLE_BYTES = 200, 4000
AFTER = re.compile(r"[\"*]{0,2}[ \t]{0,8}?(?P<border>[|,，\t]|\r?\n)")
BEFORE = re.compile(r"(?:^|(?P<border>[|,，\t]))[ ]{0,8}[\"*]{0,2}\Z")
RULED = re.compile(rb"[-:=+| \t\r]+")
PADDING = b' \t\r"*'


def find_column(text: bytes, start: int, stop: int, settings: Settings) -> Iterator[Span]:
    """The names in the cells below a heading, as far as there are no others."""
    before, _, near = around(text, start, stop, LINE_BYTES, 16)
    after = AFTER.match(near)
    line = before[before.rfind("\n") + 1 :]
    opened = BEFORE.search(line) if after else None
    if not after or not opened or (line == before and start > len(before.encode())):
        return
    border = opened["border"] or after["border"].strip("\r\n")
    if not border:
        return
    for place, value in _cells(text, stop, border.encode(), line.count(border)):
        if _is_person(value):
            yield Span(place, place + len(value.encode()), FORM, "person_table")
        elif value:
            return


def _cells(text: bytes, stop: int, border: bytes, column: int) -> Iterator[tuple[int, str]]:
    """Where the cells of a column below the heading that ends at `stop` begin, and what they hold."""
    limit = stop + TABLE_BYTES
    place, end = text.find(b"\n", stop, limit) + 1, 0
    while place and end >= 0:
        end = text.find(b"\n", place, limit)
        if end < 0 and len(text) > limit:
            return
        line = text[place:end] if end >= 0 else text[place:]
        cells = line.split(border)
        if not line or len(cells) <= column:
            return
        if not RULED.fullmatch(line):
            cell = cells[column].lstrip(PADDING)
            first = len(border.join(cells[: column + 1])) - len(cell)
            yield place + first, cell.rstrip(PADDING).decode()
        place = end + 1


def _is_person(value: str) -> bool:
    """Whether all of a cell is a Chinese name, or two words or more of a known one."""
    if not value or names_chinese.read(value, 0) == len(value):
        return value != ""
    name = latin_names.read(value, 0)
    is_whole = name is not None and name.stop == len(value) and len(name.words) > 1
    return name is not None and is_whole and is_known(name.words) and latin_names.is_name(name.words)


RULES = (Rule("person", marks.WORDS, find_column, HEADINGS),)
