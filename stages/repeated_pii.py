"""The stage `repeated_pii`: personal data that stands in many documents, which is what models memorize.

    count   by key partition: in how many documents each value stands
    spread  by shard: verdicts, and in how many documents there is an entity at all

Letters: N documents, F findings, K values of documents (each once a document), S shards.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipeline.batch import Batch
from pipeline.errors import OptionError
from pipeline.schema import option
from pipeline.stage import UNJUDGED, Comparison, GlobalStage, Part, Sketch, Verdicts, stage

Array = npt.NDArray[Any]
NO_ENTITIES = {"findings", "edits"}
"""What other columns of the stage before are named after."""
N_WIDEST = 10
"""The most widely shared values of each entity of which is told in how many documents of which source they stand."""


@stage("repeated_pii")
class RepeatedPii(GlobalStage):
    """Count in how many documents each e-mail address, number, name ... stands, and drop those with a widespread one.

    It comes after a stage `pii`, whose findings it compares by keyed hashes, so it needs neither the text nor the
    values. Models memorize what they see again and again (Carlini et al. 2023, "Quantifying Memorization Across Neural
    Language Models"), and personal data in hundreds of documents is seen as often, whatever else stands in them. Some
    is repeated by nature: the address of a company, the name of an author; `entities` says which count.

    Facts: by entity, how many values there are, in how many documents there is one, how many values are shared by 1, 2,
    3 to 4, 5 to 8 ... documents, and in how many documents of which source the ten most widely shared ones stand.
    Neither a value nor its hash is told: who has the hash of a telephone number finds the number by trying all.

    Drops: `repeated_pii`, with `max_documents`; the value is the number of documents.
    Signals: `repeated_pii_documents`, in how many documents the most widely shared value of this one stands, itself
    included; 0 without a finding.
    """

    of: str = option("pii", "the label of the stage that finds personal data")
    entities: tuple[str, ...] = option((), "entities that count, such as [email, phone] (empty: all)")
    max_documents: int = option(0, "documents; one with a value that stands in more is dropped (0: none is)", ge=0)
    unjudged: tuple[str, ...] = option((), "sources that are counted and never dropped, such as [books]")

    source_options = (UNJUDGED,)

    def check(self) -> None:
        """Raises OptionError for what is the name of a column and of no entity."""
        for name in NO_ENTITIES & {*self.entities}:
            raise OptionError("entities", f"repeated_pii option 'entities' has no entity '{name}'")

    def needs(self) -> tuple[str, ...]:
        counts = (f"{self.of}_n_{entity}" for entity in self.entities)
        return ("source", f"{self.of}_findings", f"{self.of}_hashes", *counts)

    def adds(self) -> dict[str, pa.DataType]:
        return {"repeated_pii_documents": pa.int32()}

    def _names(self, batch: Batch) -> tuple[str, ...]:
        """The entities that count, in an order that is the same for all batches of a run."""
        prefix = f"{self.of}_n_"
        columns = (name for name in batch.record_batch.schema.names if name.startswith(prefix))
        there = (name.removeprefix(prefix) for name in columns)
        return self.entities or tuple(name for name in there if name not in NO_ENTITIES)

    def sketch(self, batch: Batch) -> Sketch:
        names = self._names(batch)
        findings, hashes = (batch.column(f"{self.of}_{what}") for what in ("findings", "hashes"))
        rows = np.repeat(np.arange(len(batch)), findings.value_lengths().to_numpy(zero_copy_only=False))
        keys = hashes.flatten().to_numpy()
        found = findings.flatten().field("entity").dictionary_encode()
        numbers = np.array([names.index(one) if one in names else -1 for one in found.dictionary.to_pylist()], np.int16)
        entities = numbers[found.indices.to_numpy()]
        assert len(rows) == len(keys) == len(entities), f"{self.of} has not as many hashes as findings"
        order = np.lexsort((keys, rows))
        order = order[entities[order] >= 0]
        is_new = np.ones(len(order), bool)
        is_new[1:] = (np.diff(rows[order]) != 0) | (keys[order][1:] != keys[order][:-1])
        chosen = order[is_new]
        return Sketch(keys[chosen], rows[chosen], len(batch), {"entity": entities[chosen]})

    def count(self, bench: Comparison, task: str) -> list[dict[str, Any]]:
        """Spill by shard how many documents share each value of a document; returns for each entity the values: how
        many by the number of documents, and the most widely shared, as documents, key and documents by source."""
        part = bench.part(int(task))
        entities = part.payload.get("entity", np.zeros(0, np.int16))
        begins = np.flatnonzero(np.diff(part.keys, prepend=~part.keys[:1]))
        sizes = np.diff(np.append(begins, len(part.keys)))
        order = np.argsort(part.items, kind="stable")
        columns = {"item": part.items, "documents": np.repeat(sizes, sizes), "entity": entities}
        columns = {name: values[order] for name, values in columns.items()}
        with bench.spill(f"counts-{task}", len(bench.shards)) as spill:
            spill.add(columns, np.searchsorted(columns["item"], bench.firsts))
        of_values = entities[begins]
        values = [np.flatnonzero(of_values == entity) for entity in range(int(of_values.max(initial=-1)) + 1)]
        return [_counted(bench, part, begins[ones], sizes[ones]) for ones in values]

    def spread(self, bench: Comparison, task: str) -> list[int]:
        """Commit the verdicts of a shard; returns for each entity in how many of its documents there is one."""
        number = int(task)
        first, last = bench.firsts[number : number + 2].tolist()
        widest, has = np.zeros(last - first, np.int64), []
        for chunk in bench.partition([f"counts-{part}" for part in range(bench.n_partitions)], number):
            np.maximum.at(widest, chunk["item"] - first, chunk["documents"])
            has.append(np.stack([chunk["item"], chunk["entity"].astype(np.int64)], axis=1))
        rows = np.flatnonzero(widest)
        bench.verdicts(bench.shards[number], {"row": rows, "documents": widest[rows].astype(np.int32)})
        pairs = np.unique(np.concatenate([np.zeros((0, 2), np.int64), *has]), axis=0)
        return np.bincount(pairs[:, 1]).tolist()

    def compare(self, bench: Comparison) -> dict[str, Any]:
        counted = bench.map("count", [str(number) for number in range(bench.n_partitions)])
        spread = bench.map("spread", [str(number) for number in range(len(bench.shards))])
        first = next((batch for shard in bench.shards for batch in bench.batches(shard)), None)
        names = self._names(first) if first is not None else self.entities
        entities = {}
        for place, name in enumerate(names):
            parts = [one[place] for one in counted if place < len(one)]
            n_documents = sum(one[place] for one in spread if place < len(one))
            entities[name] = {"documents": n_documents, **_told(parts)}
        return {"kind": "repeated_pii", "of": self.of, "entities": entities}

    def apply(self, batch: Batch, verdicts: Verdicts) -> None:
        documents = verdicts.filled("documents", len(batch), 0)
        batch.set("repeated_pii_documents", documents)
        judged = ~np.isin(np.asarray(batch.column("source").to_pylist(), object), self.unjudged)
        too_many = judged & (documents > self.max_documents) & (self.max_documents > 0)
        batch.drop(too_many, "repeated_pii", value=documents, limit=self.max_documents)


def _counted(bench: Comparison, part: Part, begins: Array, sizes: Array) -> dict[str, Any]:
    """What `count` returns of the values of one entity, which have `sizes` keys of the part each, from `begins` on."""
    widest = np.lexsort((part.keys[begins], -sizes))[:N_WIDEST].tolist()
    told = []
    for begin, size in zip(begins[widest].tolist(), sizes[widest].tolist(), strict=True):
        told.append([size, int(part.keys[begin]), _by_source(bench, part.items[begin : begin + size])])
    return {"shared_by": _ranges(sizes), "widest": told}


def _ranges(sizes: Array) -> dict[str, int]:
    """How many of these numbers are 1, 2, 3 to 4, 5 to 8 and so on."""
    counts = np.bincount(np.ceil(np.log2(sizes)).astype(np.int64)).tolist()
    return {str(1 << n) if n < 2 else f"{(1 << n - 1) + 1}-{1 << n}": count for n, count in enumerate(counts)}


def _by_source(bench: Comparison, items: Array) -> dict[str, int]:
    """How many of the items are of each source, in the order of the sources."""
    shards = np.searchsorted(bench.firsts, items, side="right") - 1
    found: Counter[str] = Counter()
    for number, n in enumerate(np.bincount(shards, minlength=len(bench.shards)).tolist()):
        if n:
            found[bench.sources[number]] += n
    return dict(found)


def _told(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """The facts of one entity from those of the partitions; `values`, `shared_by`, `widest`."""
    shared: Counter[str] = Counter()
    for part in parts:
        shared.update(part["shared_by"])
    ordered = sorted(shared, key=lambda name: int(name.partition("-")[0]))
    widest = sorted((one for part in parts for one in part["widest"]), key=lambda one: (-one[0], one[1]))[:N_WIDEST]
    return {
        "values": shared.total(),
        "shared_by": {name: shared[name] for name in ordered},
        "widest": [{"documents": n, "sources": sources} for n, _, sources in widest],
    }
