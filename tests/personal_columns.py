"""The columns of a stage that finds personal data, made from what it is to have found."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import pyarrow as pa

FINDINGS = pa.list_(
    pa.struct(
        [
            ("start", pa.int64()),
            ("stop", pa.int64()),
            ("entity", pa.string()),
            ("rule", pa.string()),
            ("score", pa.float32()),
            ("replaced", pa.int32()),
        ]
    )
)
HASHES = pa.list_(pa.uint64())
ENTITIES = ("email", "phone", "person")


def with_findings(
    batch: pa.RecordBatch, findings: Sequence[Sequence[tuple[str, str]]], label: str = "pii"
) -> pa.RecordBatch:
    """The batch with columns as the stage `pii` adds them; findings: (entity, value) of each document."""
    structs = [
        [
            {"start": n, "stop": n + 1, "entity": entity, "rule": "made_up", "score": 0.9, "replaced": 5}
            for n, (entity, _) in enumerate(found)
        ]
        for found in findings
    ]
    hashes = [[hash_of(entity, value) for entity, value in found] for found in findings]
    for entity in ENTITIES:
        counts = [sum(one == entity for one, _ in found) for found in findings]
        batch = batch.append_column(f"{label}_n_{entity}", pa.array(counts, pa.int32()))
    batch = batch.append_column(f"{label}_n_findings", pa.array([*map(len, findings)], pa.int32()))
    batch = batch.append_column(f"{label}_findings", pa.array(structs, FINDINGS))
    return batch.append_column(f"{label}_hashes", pa.array(hashes, HASHES))


def hash_of(entity: str, value: str) -> int:
    """64 bits by which values are compared."""
    return int.from_bytes(hashlib.blake2b(f"{entity}\0{value}".encode(), digest_size=8).digest(), "big")
