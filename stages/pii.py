"""The stage `pii`: personal data and secrets are found by rules, and replaced."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipeline.batch import Batch
from pipeline.errors import OptionError, did_you_mean
from pipeline.schema import option
from pipeline.stage import Limit, Stage, stage

from .pii_actions import ACTIONS, SURROGATE, TAG, Hashes, Replacer, check_of, key_of
from .recognizers.presidio import Others
from .recognizers.rule import Finding, Settings, resolved
from .recognizers.rules import ENTITIES, RULES
from .recognizers.scanner import Scanner

PUBLIC, ALL = "public", "all"
LANGUAGE, LOCATION = "language_label", "location"
RESERVED = (ALL, "findings", "edits")
"""Names of entities that columns and options use otherwise."""
FINDING = pa.struct(
    [
        ("start", pa.int64()),
        ("stop", pa.int64()),
        ("entity", pa.string()),
        ("rule", pa.string()),
        ("score", pa.float32()),
        ("replaced", pa.int32()),
    ]
)


class Resource(NamedTuple):
    """What a worker makes once."""

    scanner: Scanner
    others: Others | None
    least: dict[str, float]
    replacer: Replacer
    hashes: Hashes


class Done(NamedTuple):
    """A finding of a document, what takes its place, and the hash of its value."""

    row: int
    found: Finding
    replacement: bytes
    hash: int


def _done(row: int, found: Finding, text: bytes, resource: Resource) -> Done:
    value = text[found.start : found.stop].decode()
    replacement = resource.replacer.replaced(found.entity, value)
    return Done(row, found, replacement, resource.hashes.of(found.entity, value))


def _found(batch: Batch, resource: Resource) -> Iterator[tuple[int, bytes, list[Finding]]]:
    """Row, text and findings of the documents with any, ascending; the findings in order, none over another."""
    data, offsets = batch.utf8()
    marked = resource.scanner.places(data, offsets)
    others, languages = resource.others, [None] * len(batch)
    if others:
        by_row = dict(marked)
        marked = ((row, by_row.get(row, [])) for row in range(len(batch)))
        if LANGUAGE in batch.record_batch.schema.names:
            languages = batch.column(LANGUAGE).to_pylist()
    for row, places in marked:
        text = data[offsets[row] : offsets[row + 1]].tobytes()
        found = resource.scanner.find(text, places)
        if others:
            all_found = others.find(text.decode(), languages[row])
            found += [one for one in all_found if one.score >= resource.least.get(one.entity, math.inf)]
        if found:
            yield row, text, resolved(found)


@stage("pii")
class Pii(Stage):
    """Find personal data and secrets in text, and replace them.

    Rules find e-mail addresses, telephone numbers, IP and MAC addresses, names and passwords in URLs, coordinates,
    numbers of cards and accounts (IBAN), social security numbers, resident IDs, passports, licence plates, API keys
    and private keys, wallets, and, in English, Chinese and some other languages, people and postal addresses. They go
    by form, check digits and what stands near, and say how sure they are: 1 for what can be nothing else, 0.95 for
    check digits in a form, 0.9 after a word that says so, 0.85 for a strong form, 0.75 for telephone numbers as their
    country groups them, 0.6 for a form that often means it (`Name:`, 联系人：), 0.4 for one that may (`Mr. Darcy`,
    王先生). Findings count from `min_score` on, or from what `min_scores` says of their entity; of those that overlap
    the surest counts, then the longest, then the first. The text is gone through once: what stands beside a tag is
    not looked at again.

    `recognizers` takes those that you write as Presidio's YAML has them, and Presidio's own; `ner` names spaCy
    pipelines that find people, for documents of a language as the stage `language` tells it, and for those of unknown
    language, and places if `entities` lists `location`.

    `action` says what takes the place of a finding: `tag` is `<EMAIL>`, `mask` is `*` for each letter and digit,
    `remove` is nothing, and `surrogate` something that looks like it, the same wherever the same value stands. This
    takes a secret in an environment variable, at least 16 bytes; the run keeps a check of it that is slow to guess
    from.

    Documents with more than `max_findings` of an entity drop as `too_many_<entity>`, those with more in all (`all`)
    as `too_many_findings`, those with more than `max_per_1000_chars` as `too_dense_findings`.

    What is published beside the text (id, origin, meta, excerpts of dropped documents) is scrubbed the same way.

    Signals: `pii_n_<entity>`, findings of each entity looked for; `pii_n_findings`, of all; `pii_per_1000_chars`, of
    all per 1,000 characters; `pii_findings`, for each where it stood, in bytes of the text as it came, its entity,
    the rule, the score, and how many bytes stand there now; `pii_hashes`, by which equal values are told, never
    published.
    """

    entities: tuple[str, ...] = option(ENTITIES, "what to look for", choices=(*ENTITIES, LOCATION))
    action: str = option(TAG, "what to put in place of findings", choices=ACTIONS)
    actions: dict[str, str] = option({}, "entity -> action, where it is another one", choices=ACTIONS)
    min_score: float = option(0.5, "how sure a rule must be, from 0 to 1", ge=0, le=1)
    min_scores: dict[str, float] = option({}, "entity -> the same, where it is otherwise", ge=0, le=1)
    regions: tuple[str, ...] = option(
        ("CN", "DE", "FR", "GB", "IN", "JP", "KR", "US"), "countries (ISO 3166) of numbers without a country code"
    )
    ips: str = option(PUBLIC, "IP addresses: those that the whole internet can reach, or all", choices=(PUBLIC, ALL))
    max_findings: dict[str, int] = option({}, "entity, or `all` -> findings; documents with more drop", ge=0)
    max_per_1000_chars: float = option(0.0, "findings per 1,000 characters; documents with more drop; 0: none do", ge=0)
    key_variable: str = option("CORPUSMILL_PII_KEY", "environment variable with the secret key of surrogates")
    ner: dict[str, str] = option({}, "language -> spaCy pipeline, a package or a folder, that finds names too")
    recognizers: tuple[dict[str, Any], ...] = option((), "recognizers of yours and of Presidio, as in Presidio's YAML")

    edits_text = True
    scrubs = True
    version = 2
    libraries = ("phonenumbers",)
    private: ClassVar[tuple[str, ...]] = ("pii_hashes",)
    judging_options = ("max_findings", "max_per_1000_chars")
    after: ClassVar[Mapping[str, str]] = {"normalize": "what it removes may stand inside of an address or number"}

    def check(self) -> None:
        """Raises OptionError for entities that nothing finds, and countries that phonenumbers does not know."""
        object.__setattr__(self, "_others", Others(self.recognizers, self.ner))  # pickled: workers import its plugins
        known = self._entities()
        if not known:
            raise OptionError("entities", "pii finds nothing with no entities: leave the stage out")
        if not re.fullmatch("[A-Za-z_][A-Za-z0-9_]*", self.key_variable):
            raise OptionError("key_variable", f"pii option 'key_variable' names no variable: {self.key_variable!r}")
        for entity in known:
            if entity in RESERVED:
                raise OptionError("recognizers", f"pii option 'recognizers' may not name an entity {entity!r}")
        for name, more in (("actions", ()), ("min_scores", ()), ("max_findings", (ALL,))):
            for entity in getattr(self, name):
                if entity not in (*known, *more):
                    hint = did_you_mean(entity, (*known, *more))
                    raise OptionError(name, f"pii option '{name}' has no entity {entity!r}{hint}")
        if LOCATION in self.entities and not self.ner and LOCATION not in self._others.entities:
            raise OptionError("entities", "pii finds the entity 'location' only by 'ner': name a spaCy pipeline there")
        self._check_regions()

    def _check_regions(self) -> None:
        import phonenumbers

        for region in self.regions:
            if region not in phonenumbers.SUPPORTED_REGIONS:
                hint = did_you_mean(region.upper(), phonenumbers.SUPPORTED_REGIONS) if len(region) == 2 else ""
                shown = hint if "did you mean" in hint else " (it takes codes such as CN, US)"
                raise OptionError("regions", f"pii option 'regions' has no country {region!r}{shown}")

    def _entities(self) -> tuple[str, ...]:
        """What may be found: that of recognizers always, that of `ner` if it is asked for."""
        return tuple(dict.fromkeys((*self.entities, *self._others.entities)))

    def _actions(self) -> dict[str, str]:
        return {entity: self.actions.get(entity, self.action) for entity in self._entities()}

    def adds(self) -> dict[str, pa.DataType]:
        return {
            **{f"pii_n_{entity}": pa.int32() for entity in self._entities()},
            "pii_n_findings": pa.int32(),
            "pii_per_1000_chars": pa.float32(),
            "pii_findings": pa.list_(FINDING),
            "pii_hashes": pa.list_(pa.uint64()),
        }

    def identity(self) -> dict[str, str]:
        """Raises OptionError if surrogates have no key, InputError if a spaCy pipeline is not there."""
        found = {"unicode": unicodedata.unidata_version, **self._others.identity()}
        return {**found, "key": check_of(key_of(self.key_variable))} if self._needs_key() else found

    def _needs_key(self) -> bool:
        return SURROGATE in self._actions().values()

    def open(self) -> Resource:
        """Raises OptionError if surrogates have no key, OptionError or InputError if a recognizer cannot be used."""
        key = key_of(self.key_variable) if self._needs_key() else b""
        least = {entity: self.min_scores.get(entity, self.min_score) for entity in self._entities()}
        scanner = Scanner(RULES, Settings(self.regions, self.ips == ALL), least)
        opened = self._others.open() if self._others else None
        return Resource(scanner, opened, least, Replacer(self._actions(), key), Hashes(key))

    def measure(self, batch: Batch) -> None:
        resource = batch.resource or self.open()
        density = np.zeros(len(batch), np.float32)
        done: list[Done] = []
        for row, text, findings in _found(batch, resource):
            done += [_done(row, one, text, resource) for one in findings]
            density[row] = 1000 * len(findings) / len(text.decode())
        rows = np.array([one.row for one in done], np.int64)
        starts = np.array([one.found.start for one in done], np.int64)
        stops = np.array([one.found.stop for one in done], np.int64)
        batch.edit(rows, starts, stops, [one.replacement for one in done])
        self._set(batch, rows, done)
        batch.set("pii_per_1000_chars", density)

    def _set(self, batch: Batch, rows: npt.NDArray[np.int64], done: list[Done]) -> None:
        """Write all signals but the density."""
        entities = np.array([one.found.entity for one in done], object)
        for entity in self._entities():
            batch.set(f"pii_n_{entity}", np.bincount(rows[entities == entity], minlength=len(batch)).astype(np.int32))
        batch.set("pii_n_findings", np.bincount(rows, minlength=len(batch)).astype(np.int32))
        borders = pa.array(np.searchsorted(rows, np.arange(len(batch) + 1)).astype(np.int32))
        fields = [
            pa.array([getattr(one.found, field.name) for one in done], field.type) for field in list(FINDING)[:-1]
        ]
        fields.append(pa.array([len(one.replacement) for one in done], pa.int32()))
        findings = pa.StructArray.from_arrays(fields, fields=list(FINDING))
        batch.set("pii_findings", pa.ListArray.from_arrays(borders, findings))
        hashes = pa.array([one.hash for one in done], pa.uint64())
        batch.set("pii_hashes", pa.ListArray.from_arrays(borders, hashes))

    def judge(self, batch: Batch) -> None:
        for limit in self.limits():
            values = batch.signal(limit.column)
            batch.drop(values > limit.value, limit.reason, value=values, limit=limit.value)

    def limits(self) -> tuple[Limit, ...]:
        found = []
        for entity, most in self.max_findings.items():
            what = "findings" if entity == ALL else entity
            found.append(Limit(f"too_many_{what}", f"pii_n_{what}", f"max_findings.{entity}", False, most))
        if self.max_per_1000_chars:
            column, name = "pii_per_1000_chars", "max_per_1000_chars"
            found.append(Limit("too_dense_findings", column, name, False, self.max_per_1000_chars))
        return tuple(found)
