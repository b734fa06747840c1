"""The n-grams of benchmarks, ready to be searched for.

Letters: G distinct n-grams, P pairs of an n-gram and an item that it is in, I items of all benchmarks, B benchmarks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipeline.batch import utf8_buffers
from pipeline.errors import InputError

from .normalize import composed

Int64s = npt.NDArray[np.int64]

BATCH_CHARS = 4_000_000
MAX_NGRAMS = 100_000_000
TENTH = 10
FEW, MANY = 20, 1000
"""Items: an n-gram in more than a tenth of a benchmark's is a template, but not in up to FEW, and always in over MANY,
so that the time for what a document has does not grow with the items of a benchmark."""


class Built(NamedTuple):
    """Benchmarks in the order of their names, whose items are numbered one after another.

    names: of the benchmarks; item_firsts int64[B+1]: the items of each; owners int64[I]: the benchmark of each.
    n_short int64[B]: how many items are too short to search; n_templates int64[B]: n-grams that are not searched for,
    because too many items have them; n_templated int64[B]: items that have no others. spec, index: as
    `kernels.overlap.search` takes them; pair_firsts int64[G+1], pair_items int32[P]: the items that each n-gram is
    searched for; n_grams int64[I]: how many distinct ones an item has.
    """

    names: list[str]
    item_firsts: Int64s
    owners: Int64s
    n_short: Int64s
    n_templates: Int64s
    n_templated: Int64s
    spec: Any
    index: Any
    pair_firsts: Int64s
    pair_items: npt.NDArray[np.int32]
    n_grams: Int64s

    def pairs(self) -> tuple[Any, ...]:
        """What `kernels.overlap.closest` takes of items."""
        return self.pair_firsts, self.pair_items, self.n_grams, self.owners, len(self.names)

    def distinct(self) -> Int64s:
        """How many distinct n-grams of each benchmark are searched for, int64[B]."""
        places = np.repeat(np.arange(len(self.pair_firsts) - 1), np.diff(self.pair_firsts))
        return np.bincount(
            self.owners[self.pair_items[_begins(places, self.owners[self.pair_items])]], minlength=len(self.names)
        )


class _Found(NamedTuple):
    """n-grams of some items: keys, checks uint64 and items int32, one each; heads and lengths of short texts."""

    keys: Any
    checks: Any
    items: Any
    heads: Any
    lengths: Any


def build(benchmarks: Mapping[str, Iterable[list[str]]], n_words: int, n_chars: int, min_words: int) -> Built:
    """Benchmarks by name -> the texts of each item. Raises InputError for one of which nothing can be found.

    A text that is too short for an n-gram is searched as a whole if it has at least min_words words, or as many
    characters in proportion; an item all of whose texts are shorter counts as one text, of all of them in order. Texts
    are brought to the form of `normalize`. Templates are not searched for: n-grams of over a tenth of a benchmark's
    items and of over FEW, or of over MANY.
    """
    from .kernels import overlap_ngrams

    spec = overlap_ngrams.grams_of(n_words, n_chars, min_words)
    names = sorted(benchmarks)
    parts: list[_Found] = []
    firsts, n_short, n_found = [0], [], 0
    for name in names:
        n_items = n_searched = 0
        for batch in _batches(benchmarks[name]):
            parts.append(_found(batch, firsts[-1] + n_items, spec))
            n_items += len(batch)
            n_searched += len(np.unique(parts[-1].items))
            n_found += len(parts[-1].keys)
            if n_found > MAX_NGRAMS:
                raise InputError(f"the benchmarks have over {MAX_NGRAMS:,} n-grams; leave some of them, or fields, out")
        _check(name, n_items, n_searched, min_words)
        firsts.append(firsts[-1] + n_items)
        n_short.append(n_items - n_searched)
    return _joined(names, np.array(firsts, np.int64), np.array(n_short, np.int64), spec, parts)


def _check(name: str, n_items: int, n_searched: int, min_words: int) -> None:
    if not n_items:
        raise InputError(f"the benchmark '{name}' is empty: its files hold no item")
    if not n_searched:
        what = f"none of the {n_items:,} items of the benchmark '{name}' has {min_words} words of text"
        raise InputError(f"{what}, so nothing of it can be found: see its fields, or lower 'min_item_words'")


def _batches(items: Iterable[list[str]]) -> Iterator[list[list[str]]]:
    batch: list[list[str]] = []
    n_chars = 0
    for texts in items:
        batch.append(texts)
        n_chars += sum(map(len, texts))
        if n_chars >= BATCH_CHARS or len(batch) >= BATCH_CHARS:
            yield batch
            batch, n_chars = [], 0
    if batch:
        yield batch


def _found(batch: list[list[str]], first: int, spec: Any) -> _Found:
    """The n-grams of items, which are numbered from `first` on."""
    owners = np.repeat(np.arange(len(batch)), [len(texts) for texts in batch])
    single = _of_texts([text for texts in batch for text in texts], owners, spec)
    is_left = np.ones(len(batch), bool)
    is_left[single.items] = False
    left = [item for item in np.flatnonzero(is_left).tolist() if len(batch[item]) > 1]
    whole = _of_texts(["\n".join(batch[item]) for item in left], np.array(left, np.int64), spec)
    joined = _Found(*(np.concatenate(both) for both in zip(single, whole, strict=True)))
    return joined._replace(items=(joined.items + first).astype(np.int32))


def _of_texts(texts: list[str], owners: Int64s, spec: Any) -> _Found:
    from .kernels import overlap_ngrams

    found = overlap_ngrams.texts(*_buffers(_normal(texts)), spec)
    is_short = found.lengths > 0
    return _Found(found.keys, found.checks, owners[found.rows], found.heads[is_short], found.lengths[is_short])


def _buffers(texts: list[str]) -> tuple[Any, Int64s]:
    return utf8_buffers(pa.array([text.encode(errors="replace") for text in texts], pa.large_binary()))


def _normal(texts: list[str]) -> list[str]:
    """Texts in NFC without what `normalize` removes; line ends stay what they are, for they part words anyway."""
    from .kernels import normalize as kernel

    spans, _ = kernel.find(*_buffers(texts))
    found = list(texts)
    for row in np.unique(spans[spans[:, 3] != kernel.LINE_END, 0]).tolist():
        found[row] = composed(texts[row])
    return found


def _begins(first: npt.NDArray[Any], *more: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Where values differ from those before them in any of the columns, and at the first: bool, as long as these."""
    changes = np.ones(len(first), bool)
    changes[1:] = np.any([one[1:] != one[:-1] for one in (first, *more)], axis=0)
    return changes


def _joined(names: list[str], item_firsts: Int64s, n_short: Int64s, spec: Any, parts: list[_Found]) -> Built:
    from .kernels import overlap

    keys, checks, items, heads, lengths = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    order = np.lexsort((items, checks, keys))
    keys, checks, items = keys[order], checks[order], items[order]
    is_pair = _begins(keys, checks, items)
    keys, checks, items = keys[is_pair], checks[is_pair], items[is_pair]
    owners = np.repeat(np.arange(len(names)), np.diff(item_firsts))
    is_template, n_templates = _templates(keys, checks, owners[items], np.diff(item_firsts))
    keys, checks, items = keys[~is_template], checks[~is_template], items[~is_template]
    n_grams = np.bincount(items, minlength=item_firsts[-1])
    n_templated = np.bincount(owners[n_grams == 0], minlength=len(names)) - n_short
    for name, n_left in zip(names, np.diff(item_firsts) - n_short - n_templated, strict=True):
        if not n_left:
            what = f"the items of the benchmark '{name}' are all alike: each n-gram is in too many of them"
            raise InputError(f"{what}, and no other is searched for; name the 'fields' in which they differ")
    is_new = _begins(keys, checks)
    firsts = np.append(np.flatnonzero(is_new), len(keys))
    index = overlap.index(keys[is_new], checks[is_new], heads, lengths)
    return Built(names, item_firsts, owners, n_short, n_templates, n_templated, spec, index, firsts, items, n_grams)


def _templates(keys: Any, checks: Any, owners: Int64s, n_items: Int64s) -> tuple[npt.NDArray[np.bool_], Int64s]:
    """Which pairs, in the order of their n-grams and items, are of templates, bool[P], and how many of these each
    benchmark has, int64[B]. owners int64[P]; n_items int64[B]."""
    begins = np.flatnonzero(_begins(keys, checks, owners))
    sizes = np.diff(np.append(begins, len(keys)))
    is_template = sizes > np.clip(n_items // TENTH, FEW, MANY)[owners[begins]]
    return np.repeat(is_template, sizes), np.bincount(owners[begins][is_template], minlength=len(n_items))
