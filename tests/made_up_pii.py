"""What a run with a stage that finds personal data has in `out/`, made up by hand.

Letters: N documents. Sources of which one is full of addresses, languages, every entity, texts in which a finding is
followed by others, documents that a later stage edited, and values that very many documents share.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
from made_up_judges import ledger_of
from made_up_run import LENGTHS, sliced, write_json
from made_up_shards import histograms_of, write_rows

PII, REPEATED, SENTENCE, LANGUAGE = "pii", "repeated_pii", "dedup_sentence", "language"
HOSTILE_SOURCE = "<img src=x onerror=\"document.title='owned'\">"
SOURCES = (
    "web",
    "code",
    "论坛",
    HOSTILE_SOURCE,
    "mail_lists",
    "books",
    "\u202etxt.exe",
    *(f"crawl_2024_{n}" for n in range(10, 26)),
)
LANGUAGES = {"en": 0.5, "zh": 0.3, "de": 0.1, "ja": 0.06, "yue": 0.04}
ENTITIES = ("email", "phone", "ip", "card", "person", "api_key", "my_<b>badge", "passport")
"""The last one is never found."""
ACTIONS = {"phone": "mask", "card": "remove", "person": "surrogate"}
STANDS = {"email": "<EMAIL>", "phone": "+** *** ****", "ip": "<IP>", "card": "", "person": "王小明", "api_key": "<API_KEY>", "my_<b>badge": "<MY_<B>BADGE>"}  # fmt: skip
WAS = {"email": 17, "phone": 12, "ip": 9, "card": 19, "person": 9, "api_key": 40, "my_<b>badge": 5}
"""Bytes of what stood there before."""
RULES = {"email": ("email", 0.95), "phone": ("phone_international", 0.85), "person": ("name_after_label", 0.6)}
REASONS = {PII: "too_many_email", REPEATED: "repeated_pii", SENTENCE: "too_short"}
FINDINGS = pa.list_(pa.struct([("start", pa.int64()), ("stop", pa.int64()), ("entity", pa.string()), ("rule", pa.string()), ("score", pa.float32()), ("replaced", pa.int32())]))  # fmt: skip
SIGNALS = {
    f"{LANGUAGE}_label": pa.string(),
    **{f"{PII}_n_{entity}": pa.int32() for entity in ENTITIES},
    f"{PII}_n_findings": pa.int32(), f"{PII}_per_1000_chars": pa.float32(), f"{PII}_findings": FINDINGS, f"{PII}_n_edits": pa.int32(),
    f"{REPEATED}_documents": pa.int32(), f"{SENTENCE}_n_edits": pa.int32(),
}  # fmt: skip
PIECES = (
    "The <script>document.title='owned'</script> of ",
    " and 中文的句子，",
    " `|** [x](javascript:alert(1)) ",
    " – ",
    "",
)


def written(number: int, entities: list[str]) -> tuple[str, list[dict]]:
    """The text of a document as it was left, and its findings as places in the text before."""
    text, before, findings = (
        f"第{number}篇 <b>document</b> begins. ",
        f"第{number}篇 <b>document</b> begins. ".encode(),
        [],
    )
    for place, entity in enumerate(entities):
        piece = PIECES[(number + place) % len(PIECES)] + f"[{number}.{place} "
        text, start = f"{text}{piece}{STANDS[entity]}]", len(before) + len(piece.encode())
        before += piece.encode() + b"x" * WAS[entity] + b"]"
        rule, score = RULES.get(entity, (entity, 0.9))
        found = {"start": start, "stop": start + WAS[entity], "entity": entity, "rule": rule, "score": score}
        findings.append({**found, "replaced": len(STANDS[entity].encode())})
    return text + " End." * 30, findings


def made_up_columns(n: int, seed: int = 0) -> dict[str, np.ndarray]:
    """Columns of N documents, with `stage` (empty for survivors)."""
    random = np.random.default_rng(seed)
    weights = 1 / np.arange(1, len(SOURCES) + 1) ** 0.7
    sources = np.array(SOURCES, object)[random.choice(len(SOURCES), n, p=weights / weights.sum())]
    languages = random.choice(np.array(list(LANGUAGES), object), n, p=list(LANGUAGES.values()))
    rates = np.array([0.3, 0.2, 0.1, 0.05, 0.4, 0.02, 0.1, 0])
    counts = random.poisson(rates * np.where(sources == "mail_lists", 4, 1)[:, None])
    texts, findings = zip(*(written(row, random.permutation(np.repeat(ENTITIES, of)).tolist()) for row, of in enumerate(counts)), strict=True)  # fmt: skip
    stage = np.select(
        [counts[:, 0] > 3, random.random(n) < 0.02, random.random(n) < 0.01], [PII, REPEATED, SENTENCE], ""
    )
    total = counts.sum(axis=1)
    columns = {
        "uid": np.array(
            [f"{(row + 1) * 0x9E3779B97F4A7C15F39CC0605CEDC835 % 2**128:032x}" for row in range(n)], object
        ),
        "source": sources,
        "stage": stage.astype(object),
        "reason": np.array([REASONS.get(one, "") for one in stage], object),
        "text": np.array(texts, object),
        f"{LANGUAGE}_label": languages,
        f"{PII}_findings": np.array([*findings, None], object)[:-1],
        f"{PII}_n_findings": total,
        f"{PII}_per_1000_chars": (1000 * total / np.array([len(text) for text in texts])).astype(np.float32),
        f"{PII}_n_edits": total,
        f"{REPEATED}_documents": np.minimum(total, 1),
        f"{SENTENCE}_n_edits": np.where(random.random(n) < 0.2, 1, 0),
    }
    return columns | {f"{PII}_n_{entity}": counts[:, place] for place, entity in enumerate(ENTITIES)}


def repeated_facts() -> dict:
    """The content of `repeated_pii.json`."""
    sizes = {"1": 90_000, "2": 4000, "3-4": 900, "5-8": 300, "17-32": 40, "1025-2048": 2, "524289-1048576": 1}
    widest = [{"documents": 600_000, "sources": {"web": 590_000, HOSTILE_SOURCE: 9000, "论坛": 1000}}, {"documents": 1300, "sources": {f"crawl_2024_{n}": 130 for n in range(10, 20)}}]  # fmt: skip
    nothing = {"values": 0, "documents": 0, "shared_by": {}, "widest": []}
    one = {"values": 7, "documents": 7, "shared_by": {"1": 7}, "widest": [{"documents": 1, "sources": {"web": 1}}]}
    entities = {"email": {"values": sum(sizes.values()), "documents": 700_000, "shared_by": sizes, "widest": widest}, "phone": one, "passport": nothing}  # fmt: skip
    return {"kind": "repeated_pii", "of": PII, "entities": entities}


def add_pii(
    folder: Path, n: int = 4000, n_shards: int = 3, change: Callable[[dict[str, np.ndarray]], None] | None = None
) -> dict[str, np.ndarray]:
    """Give a run folder the stages; returns the columns, which `change` may change before they are written."""
    out, columns = folder / "out", made_up_columns(n)
    if change:
        change(columns)
    write_shards(out, columns, n_shards)
    ledger, slices, signals, manifest = (
        json.loads((out / f"{name}.json").read_text(encoding="utf-8")) for name in ("ledger", "slices", "signals", "manifest")
    )  # fmt: skip
    lengths = np.random.default_rng(2).choice(np.array(list(LENGTHS), object), n, p=list(LENGTHS.values()))
    here, steps = np.ones(n, bool), []
    for label in (LANGUAGE, PII, REPEATED, SENTENCE):
        failed = columns["stage"] == label
        values = {"all": np.full(n, "all", object), "source": columns["source"], "length": lengths, "language": columns[f"{LANGUAGE}_label"]}  # fmt: skip
        found = sliced(
            {name: of[here] for name, of in values.items()}, failed[here, None], [REASONS.get(label, "none")]
        )
        slices[label] = found
        ledger[label] = {source: ledger_of(one) for source, one in found["source"].items()}
        measured = {"language": f"{LANGUAGE}_label"} if label == LANGUAGE else {}
        options = {"action": "tag", "actions": ACTIONS} if label == PII else {}
        facts = f"{label}.json" if label == REPEATED else None
        steps.append({"label": label, "stage": label, "version": 1, "options": options, "limits": [], "slices": measured, "facts": facts})  # fmt: skip
        here &= ~failed
    write_json(out / f"{REPEATED}.json", repeated_facts())
    write_json(out / "ledger.json", ledger)
    write_json(out / "slices.json", slices)
    write_json(out / "signals.json", {**signals, **histograms_of(columns, SIGNALS, _stage_of)})
    write_json(out / "manifest.json", {**manifest, "scrubbed_by": PII, "steps": [*manifest["steps"], *steps]})
    return columns


def write_shards(out: Path, columns: dict[str, np.ndarray], n_shards: int) -> None:
    """In place of the shards that are there: survivors and dropped rows, every n_shards-th document in one."""
    n = len(columns["uid"])
    more = {"excerpt": [text[:300] for text in columns["text"]], "failed": [[one] for one in columns["reason"]], "origin": ["a.jsonl|中"] * n, "text_bytes": [len(text.encode()) for text in columns["text"]]}  # fmt: skip
    write_rows(out, {**more, **columns}, SIGNALS, n_shards)


def _stage_of(column: str) -> str:
    return next(label for label in (LANGUAGE, REPEATED, SENTENCE, PII) if column.startswith(label))


def expected(columns: dict[str, np.ndarray], entity: str, by: str) -> dict[str, list[int]]:
    """Name -> findings and documents of survivors. by: a column."""
    kept = columns["stage"] == ""
    sums: Counter = Counter()
    rows: Counter = Counter()
    for name, n in zip(columns[by][kept], columns[f"{PII}_n_{entity}"][kept].tolist(), strict=True):
        sums[name] += n
        rows[name] += n > 0
    return {name: [n, rows[name]] for name, n in sums.items() if n}
