"""All scrubbing stages of a recipe at work on what a run publishes and says.

What is beside the text goes through all of them in their order. Text goes through those that come after what wrote it:
a survivor's through those that the run did not reach, an excerpt's through those from the stage on that dropped it,
which had the text as it came.
"""

from __future__ import annotations

import contextlib
import copy
import itertools
import json
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pyarrow as pa
import yaml

from . import storage
from .errors import CorpusmillError, StageError
from .ingest import canonical_json
from .rows import PUBLISHED_CHARS
from .scrub import EDGE_CHARS, Leaf, Scrubber, Span, View, leaves_of, option_views, rewritten, text_views, whole_chars
from .work import Workspace
from .worker import opened_scrub

LEFT_OUT = re.compile(rf".{{0,{EDGE_CHARS}}} \[\.\.\. [\d,]+ characters \.\.\.\] .{{0,{EDGE_CHARS}}}", re.DOTALL)
"""Where `errors.shortened` cut, and what it may have cut in two."""


class Scrubbers:
    """The scrubbers of a recipe by their positions in it. labels: of the steps of the run, `read` first."""

    def __init__(self, scrubbers: dict[int, Scrubber], labels: Sequence[str]) -> None:
        self.all, self._labels = list(scrubbers.values()), list(labels)
        self.late = [scrubber for position, scrubber in scrubbers.items() if position >= len(labels)]
        self._positions = list(scrubbers)

    def survivors(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Documents as they may be shown."""
        for scrubber in self.late:
            batch = _replaced(batch, "text", scrubber.strings)
        return self._identity(batch)

    def dropped(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Dropped rows as they may be shown; without excerpts where not all scrubbing stages are done, or none is."""
        if self.late or not self.all:
            return without_excerpts(self._identity(batch))
        positions = [self._labels.index(label) for label in batch.column("stage").to_pylist()]
        return _replaced(self._identity(batch), "excerpt", lambda excerpts: self.excerpts(excerpts, positions))

    def excerpts(self, excerpts: pa.Array, positions: Sequence[int]) -> pa.Array:
        """Excerpts without what a cut at `EXCERPT_CHARS` may have broken, as `PUBLISHED_CHARS`; positions: of what
        dropped each. Of a row that could not be read none is shown: it has fields that nobody chose."""
        texts = [text if position else "" for text, position in zip(excerpts.to_pylist(), positions, strict=True)]
        heads = [text[: whole_chars(text)] for text in texts]
        tails = [text[len(head) :] for text, head in zip(texts, heads, strict=True)]
        for place, scrubber in zip(self._positions, self.all, strict=True):
            rows = [row for row, position in enumerate(positions) if position <= place]
            found = scrubber.split([heads[row] for row in rows], [tails[row] for row in rows])
            for row, head, tail in zip(rows, *found, strict=True):
                heads[row], tails[row] = head, tail
        return pa.array([head[:PUBLISHED_CHARS] for head in heads], pa.large_string())

    def _identity(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The batch with its columns `id`, `origin` and `meta` scrubbed."""
        for scrubber in self.all:
            for name in ("id", "origin"):
                batch = _replaced(batch, name, scrubber.names)
            batch = _replaced(batch, "meta", scrubber.meta)
        return batch

    def names(self, names: Sequence[str]) -> list[str]:
        """Names of files as they may be shown."""
        array = pa.array(names, pa.string())
        for scrubber in self.all:
            array = scrubber.names(array)
        return list(array.to_pylist())

    def values(self, value: dict[str, Any]) -> dict[str, Any]:
        """JSON, such as options or facts, with all texts in it as they may be shown; its own names stay."""
        for scrubber in self.all:
            leaves = leaves_of(value)
            shown = iter(scrubber.seen([leaf.text for leaf in leaves], [*map(option_views, leaves)]))
            value = rewritten(value, lambda leaf, shown=shown: next(shown))  # type: ignore[misc]
        return value

    def text(self, text: str) -> str:
        """A text with names of files in it, such as a message, as it may be shown."""
        for scrubber in self.all:
            (text,) = scrubber.seen([text], [text_views(text)])
        return text

    def recipe(self, text: str) -> str:
        """A recipe as it may be shown: each value, however it is written, and the comments."""
        for scrubber in self.all:
            views, spans, places = text_views(text), [], _places(text)
            for leaf, start, stop in _scalars(text):
                inside = text.find(leaf.text, start, stop)
                if inside >= 0:
                    views += [View(view.text, view.shift - places[inside]) for view in option_views(leaf)]
                    continue
                (shown,) = scrubber.seen([leaf.text], [option_views(leaf)])
                if shown != leaf.text:
                    spans.append(Span(places[start], places[stop], json.dumps(shown, ensure_ascii=False).encode()))
            (text,) = scrubber.seen([text], [views], spans)
        return text


def _places(text: str) -> list[int]:
    """The byte at which each character of a text begins, and its end."""
    return [0, *itertools.accumulate(len(character.encode()) for character in text)]


def _scalars(text: str) -> Iterator[tuple[Leaf, int, int]]:
    """Each value in a recipe that was read (so it is YAML without aliases), and its first and last character there."""
    todo: list[tuple[yaml.Node | None, tuple[str, ...]]] = [(yaml.compose(text, yaml.SafeLoader), ())]
    while todo:
        node, path = todo.pop()
        if isinstance(node, yaml.ScalarNode):
            yield Leaf(path, node.value), node.start_mark.index, node.end_mark.index
        elif isinstance(node, yaml.SequenceNode):
            todo += [(one, path) for one in node.value]
        elif isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                todo += [(key, ()), (value, (*path, str(key.value)))]


def without_excerpts(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Dropped rows with nothing of their text."""
    return _replaced(batch, "excerpt", lambda excerpts: pa.array([""] * len(excerpts), pa.large_string()))


def chosen_meta(batch: pa.RecordBatch, fields: Sequence[str]) -> pa.RecordBatch:
    """The batch with only these fields in its column `meta`."""

    def chosen(text: str) -> str:
        values = json.loads(text)
        return canonical_json({name: values[name] for name in fields if name in values})

    return _replaced(
        batch,
        "meta",
        lambda metas: pa.array([chosen(text) if fields else "{}" for text in metas.to_pylist()], pa.string()),
    )


def _replaced(batch: pa.RecordBatch, name: str, change: Callable[[pa.Array], pa.Array]) -> pa.RecordBatch:
    position = batch.schema.get_field_index(name)
    return batch.set_column(position, batch.schema.field(position), change(batch.column(position)))


def scrubbers_of(work: Workspace, goes_on: bool = False) -> Scrubbers:
    """Those of a run, opened. goes_on: of what one fails on nothing is left."""
    goes_on = goes_on or work.plan.recipe.settings.on_error == "quarantine"
    opened = {scrub.position: (scrub.step.label, *opened_scrub(work, scrub)) for scrub in work.plan.scrubs}
    made = {place: Scrubber(stage, label, resource, goes_on) for place, (label, stage, resource) in opened.items()}
    return Scrubbers(made, work.plan.labels)


@contextlib.contextmanager
def scrubbed_errors(work: Workspace) -> Iterator[None]:
    """Raises what the block raises. An error about a file may quote from it: it is scrubbed if the recipe scrubs, and
    `work/` has it as it was. Of what a stage says when it fails nothing is left already (`worker.failure`)."""
    try:
        yield
    except StageError:
        raise
    except CorpusmillError as error:
        said = str(error)
        shown = scrubbers_of(work, goes_on=True).text(LEFT_OUT.sub(" [...] ", said)) if work.plan.scrubs else said
        if shown == said:
            raise
        storage.write_bytes(work.failed, said.encode(errors="replace"))
        told = copy.copy(error)
        told.args = (f"{shown} (in full in {work.failed}, for it may quote personal data)",)
        raise told from None
