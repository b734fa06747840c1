"""Documents made of templates: personal data that is drawn and labelled, and decoys that are drawn and not.

In a template, «entity» or «entity:variant» is a value of `labelled_values.Values` and gets a label, «-name» is a decoy of
`labelled_decoys.Decoys` and gets none, and ⟨a|b|c⟩ is one of these.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from labelled_decoys import Decoys
from labelled_pools import Pool
from labelled_values import Values

CHOICE = re.compile("⟨([^⟨⟩]*)⟩")
PLACE = re.compile("«(-?)([a-z0-9_:]+)»")


class Label(NamedTuple):
    """What stands between two characters of a text."""

    start: int
    stop: int
    entity: str


class Labelled(NamedTuple):
    """A document. spans: in order of place, not overlapping; language: that of its templates."""

    text: str
    spans: list[Label]
    language: str


class Template(NamedTuple):
    """A piece of a document. language: a code of ISO 639."""

    language: str
    text: str


def templates(language: str, *pieces: str) -> list[Template]:
    return [Template(language, piece.strip("\n")) for piece in pieces]


def filled(template: str, values: Values, decoys: Decoys) -> tuple[str, list[Label]]:
    """Text and labels."""
    while CHOICE.search(template):
        template = CHOICE.sub(lambda found: values.chance.choice(found[1].split("|")), template)
    parts: list[str] = []
    labels: list[Label] = []
    length = last = 0
    for found in PLACE.finditer(template):
        value = (decoys if found[1] else values).make(found[2])
        parts += [template[last : found.start()], value]
        start = length + found.start() - last
        length, last = start + len(value), found.end()
        if not found[1]:
            labels.append(Label(start, length, found[2].partition(":")[0]))
    return "".join([*parts, template[last:]]), labels


def shuffled(pieces: list[Template], chance: random.Random) -> Iterator[Template]:
    """For ever all of them, each round in another order, so that all are used about as often."""
    while True:
        yield from chance.sample(pieces, len(pieces))


def labelled(
    pieces: Iterable[Template], decoys: Iterable[Template], pool: Pool, seed: int, n: int, languages: tuple[str, ...]
) -> list[Labelled]:
    """n documents, as many of each language as of the others, with one to three templates and one or two that have
    decoys only, all with values of the pool; the same for the same arguments."""
    chance = random.Random(seed)
    values, drawn = Values(chance, pool), Decoys(chance, pool)
    own = {one: shuffled([piece for piece in pieces if piece.language == one], chance) for one in languages}
    empty = {one: shuffled([piece for piece in decoys if piece.language in (one, "")], chance) for one in languages}
    documents = []
    for number in range(n):
        language = languages[number % len(languages)]
        chosen = [next(own[language]) for _ in range(chance.randrange(1, 4))]
        chosen += [next(empty[language]) for _ in range(chance.randrange(1, 3))]
        chance.shuffle(chosen)
        text, labels = "", []
        for piece in chosen:
            text += "\n\n" if text else ""
            more, spans = filled(piece.text, values, drawn)
            labels += [Label(len(text) + start, len(text) + stop, entity) for start, stop, entity in spans]
            text += more
        documents.append(Labelled(text, labels, language))
    return documents
