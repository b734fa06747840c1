"""Scores of a classifier for the documents of files, one after another, without a recipe."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .batch import Batch
from .errors import CorpusmillError, InputError
from .given_files import check_out, sources_of, writing
from .ingest import Place, read_batches
from .schema import build
from .shards import BATCH_BYTES
from .stage import Stage, find_stage
from .storage import commit, to_line
from .worker import Done, Progress, stage_error

STAGE = "classifier"
MILLION = 1_000_000


class Asked(NamedTuple):
    """What to score: the model, paths; the label if the model does not say, reader and field if needed."""

    model: str
    files: tuple[str, ...]
    label: str = ""
    reader: str | None = None
    text: str | None = None

    @property
    def replay(self) -> str:
        """The command that does it again."""
        given = {"--label": self.label or None, "--reader": self.reader, "--text": self.text}
        more = [part for name, value in given.items() if value is not None for part in (name, value)]
        return shlex.join(["corpusmill", "classifier", "--model", self.model, *more, "--score", *self.files])


class Scores:
    """How many documents have each score, in millionths."""

    def __init__(self) -> None:
        self.counts = np.zeros(MILLION + 1, np.int64)

    def add(self, scores: npt.NDArray[np.int64]) -> None:
        """Count more, int64[N] millionths."""
        np.add.at(self.counts, scores, 1)

    def summary(self) -> dict[str, Any]:
        """documents, mean, and the nine deciles: the lowest scores that a tenth, two tenths ... do not exceed."""
        n = int(self.counts.sum())
        up_to = np.cumsum(self.counts)
        deciles = [int(np.searchsorted(up_to, -(-n * tenth // 10))) / MILLION for tenth in range(1, 10)]
        total = int(self.counts @ np.arange(MILLION + 1))
        return {"documents": n, "mean": round(total / n / MILLION, 6), "deciles": deciles}


def score(asked: Asked, found: Scores, progress: Progress) -> Iterator[str]:
    """A line of JSON per document with `origin` and `score`, in the order of the files; counted in `found`.

    Text goes in as the stage `classifier` takes it. Stages and readers must be loaded. Raises RecipeError for a label
    or reader that there is not, PlanError for a file that nothing says how to read, InputError for a model or file that
    cannot be used, or if there is no document, StageError.
    """
    options = {"model": asked.model, "label": asked.label, "by": "threshold", "min_score": 0.0, "by_language": False}
    made = build(find_stage(STAGE), options, STAGE)
    resource = made.open()
    sources = [one for path in asked.files for one in sources_of([path], "file", asked.reader, asked.text)]
    items = [(source, item) for source in sources for item in source.reader.inputs("")]
    progress.begin("score", len(items), 0)
    n_documents = 0
    for source, item in items:
        rows, n_bytes = 0, 0
        for _, rows_read in read_batches(source, [(Place(0, 0), item)], "stop", BATCH_BYTES):
            batch = Batch(rows_read.outcome().kept, made, STAGE, resource)
            scores = _measured(batch, made, asked)
            found.add(scores)
            for origin, value in zip(batch.column("origin").to_pylist(), scores.tolist(), strict=True):
                yield to_line({"origin": origin, "score": value / MILLION})
            rows, n_bytes = rows + len(batch), n_bytes + rows_read.n_bytes
        n_documents += rows
        progress.advance(Done(item.name, [], rows, n_bytes, 0.0))
    if not n_documents:
        raise InputError(f"there is no document in {', '.join(asked.files)}")


def write_scores(path: str, lines: Iterable[str]) -> None:
    """Write lines to a new file, as they come. Raises InputError if there is one, or it cannot be written."""
    check_out(path)
    with writing(path), commit(path) as file:
        for line in lines:
            file.write(line.encode() + b"\n")


def _measured(batch: Batch, made: Stage, asked: Asked) -> npt.NDArray[np.int64]:
    """The scores of a batch in millionths, int64[N]."""
    try:
        made.measure(batch)
    except CorpusmillError:
        raise
    except Exception as error:
        raise stage_error(asked, STAGE, "these files", batch.record_batch, error) from error
    return np.rint(batch.signal(f"{STAGE}_score").astype(np.float64) * MILLION).astype(np.int64)
