"""How well labelled documents are found: precision, recall, F1 and what is covered, by entity and language.

A finding is right if it has the entity of a label and the two share at least half of the characters of each; a label
is found by one finding at most. Because half a value may be left in a text by that, the share of labelled characters
that findings of the entity cover is counted too, right or not, those of labels that were not found among them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, fields

from labelled_text import Label, Labelled

IN_CONTEXT = ("person", "address")
MIN_F1 = dict.fromkeys(IN_CONTEXT, 0.85)
MIN_F1_STRUCTURED = 0.97
MIN_COVERED = dict.fromkeys(IN_CONTEXT, 0.9)
MIN_COVERED_STRUCTURED = 0.97
MIN_PRECISION = 0.97
"""With the stage's own limits, for every entity."""
LENIENT = {"person": 0.4, "address": 0.4}
"""Limits that F1 of persons and addresses is measured with: a name after a title and a street with its number are weak
by design, so that novels keep their people, yet are labels."""


@dataclass
class Score:
    """Counts of labels, findings, findings that are right, and those of them with just the label's characters; of
    characters of labels, and those of them that are covered."""

    n_labels: int = 0
    n_found: int = 0
    n_right: int = 0
    n_exact: int = 0
    n_chars: int = 0
    n_covered: int = 0

    @property
    def precision(self) -> float:
        return self.n_right / self.n_found if self.n_found else 1.0

    @property
    def recall(self) -> float:
        return self.n_right / self.n_labels if self.n_labels else 1.0

    @property
    def f1(self) -> float:
        total = self.n_found + self.n_labels
        return 2 * self.n_right / total if total else 1.0

    @property
    def covered(self) -> float:
        return self.n_covered / self.n_chars if self.n_chars else 1.0

    def add(self, other: Score) -> None:
        for counted in fields(self):
            setattr(self, counted.name, getattr(self, counted.name) + getattr(other, counted.name))


def is_match(label: Label, found: Label) -> bool:
    shared = min(label.stop, found.stop) - max(label.start, found.start)
    return label.entity == found.entity and 2 * shared >= max(label.stop - label.start, found.stop - found.start)


def matched(labels: list[Label], found: list[Label]) -> list[tuple[Label, Label]]:
    """Labels with the findings that are right, in order of place; each once."""
    pairs = []
    free = sorted(found)
    for label in sorted(labels):
        for one in free:
            if is_match(label, one):
                pairs.append((label, one))
                free.remove(one)
                break
    return pairs


def n_covered(label: Label, found: list[Label]) -> int:
    """How many characters of a label lie in findings of its entity; characters in two of them count once."""
    count, done = 0, label.start
    for one in sorted(found):
        if one.entity == label.entity:
            start, stop = max(one.start, done), min(one.stop, label.stop)
            count, done = count + max(0, stop - start), max(done, stop)
    return count


Scores = dict[tuple[str, str], Score]


def scored(documents: Iterable[Labelled], found: Iterable[list[Label]]) -> Scores:
    """(entity, language) -> score. found: what was found in each document, in characters."""
    scores: Scores = defaultdict(Score)
    for document, findings in zip(documents, found, strict=True):
        for label in document.spans:
            score = scores[label.entity, document.language]
            score.n_labels += 1
            score.n_chars += label.stop - label.start
            score.n_covered += n_covered(label, findings)
        for one in findings:
            scores[one.entity, document.language].n_found += 1
        for label, one in matched(document.spans, findings):
            score = scores[label.entity, document.language]
            score.n_right += 1
            score.n_exact += label[:2] == one[:2]
    return dict(scores)


def by_entity(scores: Scores, entities: Iterable[str], language: str = "") -> dict[str, Score]:
    """Entity -> score, of one language or of all together."""
    sums = {entity: Score() for entity in entities}
    for (entity, spoken), score in scores.items():
        if entity in sums and language in ("", spoken):
            sums[entity].add(score)
    return sums


def min_f1(entity: str) -> float:
    """The floor of F1."""
    return MIN_F1.get(entity, MIN_F1_STRUCTURED)


def min_covered(entity: str) -> float:
    """The floor of what is covered."""
    return MIN_COVERED.get(entity, MIN_COVERED_STRUCTURED)


def in_characters(text: str, findings: Iterable[tuple[int, int, str]]) -> list[Label]:
    """Findings whose places are bytes of the text in UTF-8, with places in characters."""
    places = [0] * (len(text.encode()) + 1)
    place = 0
    for number, character in enumerate(text):
        places[place] = number
        place += len(character.encode())
    places[place] = len(text)
    return [Label(places[start], places[stop], entity) for start, stop, entity in findings]


def of_stage(documents: list[Labelled], **options: object) -> list[list[Label]]:
    """What the stage `pii` finds in each document."""
    from batches import documents as batch_of

    from pipeline.execute import run_stage
    from stages.pii import Pii

    batch = run_stage(Pii(**options), batch_of([one.text for one in documents])).kept
    return [
        in_characters(one.text, [(hit["start"], hit["stop"], hit["entity"]) for hit in hits])
        for one, hits in zip(documents, batch.column("pii_findings").to_pylist(), strict=True)
    ]
