"""The slow truth about sentences, lines and paragraphs, their windows and what is cut, from the definitions."""

from __future__ import annotations

import functools
import re
import unicodedata

import reference

_ABBREVIATIONS = """mr mrs ms mx dr drs prof rev hon st mt ft messrs gen col maj capt lt sgt cpl cmdr adm gov sen rep pres supt insp
    vs cf viz approx resp fig figs eq eqs vol vols ch pp nos eds jan feb apr aug sept sep oct nov dec bzw ca nr bspw evtl
    ggf inkl sog hr abs bd hrsg mio mrd mme mlle env núm pág sra srta dra ud uds стр руб ул тыс млн млрд проф напр"""
ABBREVIATIONS = set(_ABBREVIATIONS.split())
OTHERS = "；…؝؞࠷࠹࠽࠾។៕᭽᭾⹓⹔︒"
RUN = re.compile("[SWD](?:[SWDC]|Q(?![lLxmMd])|O(?![lLxmMduT]))*")

FENCED = re.compile(r"(?<![^\n])[ \t]*```.*?\n[ \t]*````*", re.DOTALL)


@functools.cache
def strong() -> frozenset[str]:
    """Marks that end a sentence wherever they stand."""
    from spacy.pipeline import Sentencizer

    return frozenset([*Sentencizer.default_punct_chars, *OTHERS]) - frozenset(".!?．")


@functools.cache
def code(character: str) -> str:
    """S strong, W weak, D stop, C closing, Q closing quote that may open, O opening one that may close; l lower case,
    L other cased letter, x other letter, m mark, d digit, u unspaced, T M Thai or Lao letter and mark, s space, o."""
    kind, category = reference.kind(character), unicodedata.category(character)
    if character in strong():
        return "S"
    if character in "!?":
        return "W"
    if character in ".．":
        return "D"
    if character in "\"'＂＇*_":
        return "Q"
    if category in ("Pe", "Pf", "Pi"):
        return "O" if category == "Pi" else "C"
    if kind in "hu":
        return "T" if unicodedata.name(character).startswith(("THAI", "LAO")) else "u"
    if kind == "m":
        return "M" if unicodedata.name(character, "").startswith(("THAI", "LAO")) else "m"
    if kind == "l":
        return {"Ll": "l", "Lu": "L", "Lt": "L"}.get(category, "x")
    return "n" if character == "\n" else kind if kind in "ds" else "o"


def goes_on(before: str, codes: str) -> bool:
    """Whether a sentence goes on after a single full stop, by its text before it."""
    word = re.search("[lLxmMd]*$", codes).group()
    text = before[len(before) - len(word) :]
    if not word or len(word) > 6:
        return False
    if set(word) == {"d"}:
        return len(word) <= 2 or len(word) == len(before)
    if len(word) == 1:
        return word in "lL"
    return "".join(c.lower() if len(c.lower()) == 1 else c for c in text) in ABBREVIATIONS


def sentence_ends(line: str) -> list[int]:
    """Where sentences end in a line, or several that go on, in characters; its own end is not among them."""
    codes = "".join(map(code, line))
    thai = {found.end() for found in re.finditer("[TM](?=s+[TM])", codes)}
    ends: list[int] = []
    for place in sorted([*thai, *(found.start() for found in RUN.finditer(codes))]):
        if place in thai:
            ends.append(place)
            continue
        run = RUN.match(codes, place).group()
        stop = place + len(run)
        start = ends[-1] if ends else 0
        start += len(line[start:]) - len(line[start:].lstrip())
        following = re.match("s*(.?)", codes[stop:]).group(1)
        ends_here = "S" in run
        if not ends_here and codes[stop : stop + 1] in ("", "n", "s", "u", "T"):
            n_marks = len(re.findall("[SWD]", run))
            ends_here = "W" in run or (
                following != "l" and (n_marks > 1 or not goes_on(line[start:place], codes[start:place]))
            )
        if ends_here:
            ends.append(stop)
    return ends


def trimmed(text: str, start: int, stop: int) -> tuple[int, int]:
    """The span without white space at its ends."""
    piece = text[start:stop]
    return start + len(piece) - len(piece.lstrip()), stop - (len(piece) - len(piece.rstrip()))


def is_continued(line: str) -> bool:
    """Whether a line goes on with a sentence of the line before, if that has not ended."""
    line = line.strip()
    return line != "" and code(line[0]) == "l" and line[1:2] not in (")", ".")


def groups(text: str) -> list[str]:
    """The text in pieces, in which sentences do not end but by marks; code between fences is one."""
    found, place = [], 0
    for fenced in FENCED.finditer(text):
        found += [*_groups(text[place : fenced.start()]), fenced.group()]
        place = fenced.end()
    return [*found, *_groups(text[place:])]


def _groups(text: str) -> list[str]:
    found: list[str] = []
    for number, line in enumerate(text.split("\n")):
        if number and is_continued(line):
            found[-1] += "\n" + line
        else:
            found += ["\n" + line] if number else [line]
    return found


def spans(text: str, unit: str) -> list[tuple[int, int]]:
    """Units as starts and stops in characters."""
    borders, place = [0], 0
    if unit == "paragraphs":
        borders += [found.end() for found in re.finditer(r"\n\s*\n", text)]
    elif unit == "lines":
        borders += [found.end() for found in re.finditer("\n", text)]
    else:
        for group in groups(text):
            ends = [] if FENCED.fullmatch(group) else sentence_ends(group)
            borders += [place + end for end in ends]
            place += len(group)
            borders.append(place)
    found = [trimmed(text, *ends) for ends in zip(borders, [*borders[1:], len(text)], strict=True)]
    return [(start, stop) for start, stop in found if start < stop]


def plain(unit: str) -> tuple[str, ...]:
    """What a unit is compared by."""
    return tuple("".join(c.lower() if len(c.lower()) == 1 else c for c in word) for word in reference.words(unit))
