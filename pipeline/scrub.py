"""One scrubbing stage at work on what is published: columns, names, values and excerpts.

What is short, such as a name or a value of `meta`, is looked at more than once: by itself, after what it is called, and
without its endings; what is found in any of these views is replaced. See `scrubbers` for all stages of a recipe.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from .batch import Batch, Edits, apply_edits
from .errors import CorpusmillError
from .ingest import canonical_json
from .rows import DOCUMENT, EXCERPT_CHARS
from .stage import Stage

EDGE_CHARS = 254
"""Characters at the end of a cut excerpt that may be half of something, such as of the longest e-mail address."""
MAX_ENDINGS, MAX_PATH = 8, 8
"""Endings that are taken off a part of a name, and names of fields around a value that are put before it."""
PART = re.compile(r"[^/]+")
LINE, WORD = re.compile(r"""[^/\n"'`]+"""), re.compile(r"""[^/\s"'`()\[\]{},;]+""")
"""Parts of a text that may be, or end with, the name of a file."""
ENDING = re.compile(r"[._:-]")
"""Where an ending begins: `.jsonl`, `.gz`, a row (`:3`), a number or a year (`_2024`)."""
UNBROKEN = "".join(map(chr, range(ord("!"), ord("~") + 1)))
"""Characters of what may go on after a cut however long it is, such as a token in base64."""
BLOCK = re.compile(r"-----BEGIN (?!.*-----END )", re.DOTALL)
"""The beginning of a key or certificate (RFC 7468) that does not end before the cut."""


class Span(NamedTuple):
    """Bytes start..stop of a text, and what takes their place."""

    start: int
    stop: int
    replacement: bytes


class View(NamedTuple):
    """A text to be looked at for another one. shift: its first byte is that many bytes before the other's first."""

    text: str
    shift: int = 0


class Leaf(NamedTuple):
    """A text or a number in JSON. path: the names of the fields that it is in."""

    path: tuple[str, ...]
    text: str


class Scrubber:
    """Takes a scrubbing stage (it may need no other columns than `rows.DOCUMENT`), its label and its resource.

    goes_on: of a string on which the stage fails, such as the excerpt of a document set aside, nothing is left.
    """

    def __init__(self, stage: Stage, label: str, resource: Any, goes_on: bool = False) -> None:
        self.stage, self.label, self.resource, self.goes_on = stage, label, resource, goes_on

    def strings(self, values: pa.Array) -> pa.Array:
        """Each string as the stage leaves it, as large_string."""
        text = values.cast(pa.large_string())
        edits = self._edits(text)
        return text if edits is None else apply_edits(text, edits)

    def names(self, values: pa.Array) -> pa.Array:
        """Names, such as those of files and places in them, with what is found in them or in what they begin with."""
        encoded = values.dictionary_encode()
        given = encoded.dictionary.to_pylist()
        return pa.array(self.seen(given, [name_views(name) for name in given]), pa.string()).take(encoded.indices)

    def meta(self, meta: pa.Array) -> pa.Array:
        """JSON objects with all that is in them scrubbed but the names of their fields, which the recipe lists."""
        values = [json.loads(text) if text != "{}" else {} for text in meta.to_pylist()]
        leaves = [leaf for one in values for leaf in leaves_of(one)]
        if not leaves:
            return meta
        shown = iter(self.seen([leaf.text for leaf in leaves], [*map(leaf_views, leaves)]))
        return pa.array([canonical_json(rewritten(one, lambda leaf: next(shown))) for one in values], pa.string())

    def seen(self, texts: Sequence[str], views: Sequence[Sequence[View]], more: Sequence[Span] = ()) -> list[str]:
        """Texts with all replaced that is found in any of their views. more: found besides, in each of them."""
        unlike = list(dict.fromkeys(view.text for some in views for view in some))
        found = dict(zip(unlike, self.spans(unlike), strict=True))
        shown = []
        for text, some in zip(texts, views, strict=True):
            spans = [
                Span(max(0, span.start - view.shift), span.stop - view.shift, span.replacement)
                for view in some
                for span in found[view.text]
                if span.stop > view.shift
            ]
            shown.append(applied(text.encode(), united([*spans, *more])).decode() if spans or more else text)
        return shown

    def spans(self, texts: Sequence[str]) -> list[list[Span]]:
        """What the stage replaces in each text, in order."""
        found: list[list[Span]] = [[] for _ in texts]
        edits = self._edits(pa.array(texts, pa.large_string()))
        if edits is not None:
            each = zip(edits.rows.tolist(), edits.starts.tolist(), edits.ends.tolist(), edits.replacements, strict=True)
            for row, start, stop, replacement in each:
                found[row].append(Span(start, stop, replacement))
        return found

    def split(self, heads: Sequence[str], tails: Sequence[str]) -> tuple[list[str], list[str]]:
        """Texts in two parts, each as the stage leaves it when it sees the whole; what is replaced on both sides of the
        border is in the second."""
        texts = [head + tail for head, tail in zip(heads, tails, strict=True)]
        found: tuple[list[str], list[str]] = [], []
        for text, head, spans in zip(texts, heads, self.spans(texts), strict=True):
            data, border = text.encode(), len(head.encode())
            border = min([border, *(span.start for span in spans if span.stop > border)])
            after = [Span(start - border, stop - border, by) for start, stop, by in spans if start >= border]
            found[0].append(applied(data[:border], [span for span in spans if span.start < border]).decode())
            found[1].append(applied(data[border:], after).decode())
        return found

    def _edits(self, text: pa.Array) -> Edits | None:
        """What the stage does to each string (large_string)."""
        columns = [
            pa.array([0 if pa.types.is_integer(field.type) else ""] * len(text), field.type) for field in DOCUMENT
        ]
        columns[DOCUMENT.get_field_index("text")] = text
        batch = Batch(pa.RecordBatch.from_arrays(columns, schema=DOCUMENT), self.stage, self.label, self.resource)
        try:
            self.stage.apply(batch)
        except CorpusmillError:
            raise
        except Exception:
            if not self.goes_on:
                raise
            return self._edits_by_row(text)
        return batch.edits

    def _edits_by_row(self, text: pa.Array) -> Edits:
        """What the stage does to each string alone; one on which it fails is removed."""
        if len(text) == 1:
            zero = np.zeros(1, np.int64)
            return Edits(zero, zero, np.array([len(text[0].as_py().encode())]), [b""])
        found = [self._edits(text.slice(row, 1)) for row in range(len(text))]
        each = [(row, edits) for row, edits in enumerate(found) if edits is not None]
        rows = np.array([row for row, edits in each for _ in edits.rows], np.int64)
        starts, ends = (
            np.concatenate([np.zeros(0, np.int64), *(getattr(edits, name) for _, edits in each)])
            for name in ("starts", "ends")
        )
        return Edits(rows, starts, ends, [one for _, edits in each for one in edits.replacements])


def united(spans: Sequence[Span]) -> list[Span]:
    """Spans in order, those that overlap as one: from the first byte to the last, with what replaces the longest."""
    groups: list[list[Span]] = []
    stop = 0
    for span in sorted(set(spans)):
        if groups and span.start < stop:
            groups[-1].append(span)
        else:
            groups.append([span])
        stop = max(stop, span.stop)
    return [
        Span(group[0].start, max(span.stop for span in group), max(group, key=_length).replacement) for group in groups
    ]


def _length(span: Span) -> int:
    return span.stop - span.start


def applied(data: bytes, spans: Sequence[Span]) -> bytes:
    """Bytes with spans replaced that are in order and do not overlap."""
    pieces, place = [], 0
    for span in spans:
        pieces += [data[place : span.start], span.replacement]
        place = span.stop
    return b"".join([*pieces, data[place:]])


def name_views(name: str, part: re.Pattern[str] = PART) -> list[View]:
    """A name as it is, and each part of its path without its last endings, which may hide where a value ends."""
    views, place, shift = [View(name)], 0, 0
    for found in part.finditer(name):
        shift -= len(name[place : found.start()].encode())
        place = found.start()
        cuts = [ending.start() for ending in ENDING.finditer(found[0])][-MAX_ENDINGS:]
        views += [View(found[0][:cut], shift) for cut in cuts if cut]
    return views


def text_views(text: str) -> list[View]:
    """A text in which there may be names of files, such as a message, as it is, and these without their endings."""
    return [*name_views(text, LINE), *name_views(text, WORD)[1:]]


def leaf_views(leaf: Leaf) -> list[View]:
    """A value by itself, after its name, and after the names of all fields around it: a number after `phone` tells more
    than one on its own, and one after `version` less."""
    heads = dict.fromkeys(f"{' '.join(leaf.path[-n:])}: " for n in (1, MAX_PATH) if leaf.path)
    return [View(leaf.text), *(View(head + leaf.text, len(head.encode())) for head in heads)]


def option_views(leaf: Leaf) -> list[View]:
    """Those of a value that may be the name of a file."""
    return [*leaf_views(leaf), *text_views(leaf.text)[1:]]


def whole_chars(excerpt: str) -> int:
    """Characters of an excerpt before all that its end may have cut in two; one shorter than can be is not cut."""
    if len(excerpt) < EXCERPT_CHARS:
        return len(excerpt)
    block = BLOCK.search(excerpt)
    return min(len(excerpt) - EDGE_CHARS, len(excerpt.rstrip(UNBROKEN)), block.start() if block else len(excerpt))


def leaves_of(value: Any) -> list[Leaf]:
    """The leaves of a JSON value in the order in which `rewritten` asks for them."""
    found: list[Leaf] = []

    def note(leaf: Leaf) -> str:
        found.append(leaf)
        return leaf.text

    rewritten(value, note)
    return found


def rewritten(value: Any, text_of: Callable[[Leaf], str], path: tuple[str, ...] = ()) -> Any:
    """A JSON value with each text and number as `text_of` says; a number that stays is one.

    Names inside of fields are texts, too; names that become alike are numbered.
    """
    if isinstance(value, str):
        return text_of(Leaf(path, value))
    if isinstance(value, list):
        return [rewritten(item, text_of, path) for item in value]
    if isinstance(value, dict):
        names = _unlike([text_of(Leaf((), key)) for key in value], value) if path else list(value)
        return {
            name: rewritten(item, text_of, (*path, key)) for name, (key, item) in zip(names, value.items(), strict=True)
        }
    if value is None or isinstance(value, bool):
        return value
    written = json.dumps(int(value) if isinstance(value, float) and value.is_integer() else value)
    shown = text_of(Leaf(path, written))
    return value if shown == written else shown


def _unlike(names: Sequence[str], keys: Iterable[str]) -> list[str]:
    """Names for keys: of those that are not as they were, each that another has, too, with a number."""
    taken, alike, found = set(keys), Counter[str](), []
    for name, key in zip(names, keys, strict=True):
        numbered = name
        while name != key and numbered in taken:
            alike[name] += 1
            numbered = f"{name} ({alike[name] + 1})"
        taken.add(numbered)
        found.append(numbered)
    return found
