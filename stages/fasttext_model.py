"""Models of fastText: files are read without trusting a length in them, and written so that fastText reads them.

A file has, little-endian: int32 magic and version; 12 int32 and a double of arguments; the dictionary, words first;
the buckets that are left of a compressed model; the input and the output matrix, each plain or product-quantized
(Joulin et al. 2016, FastText.zip). Letters: W words, L labels, R rows, V values of a row, T inner nodes, I buckets.
"""

from __future__ import annotations

import mmap
import os
import struct
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pipeline.errors import InputError

if TYPE_CHECKING:
    from .kernels.fasttext_rows import Tables

MAGIC, VERSIONS = 793_712_314, (11, 12)
SUPERVISED, HIERARCHICAL, SOFTMAX = 3, 1, 3
PREFIX = "__label__"
END_OF_LINE = b"</s>"
MAX_NGRAM = 64
"""Characters or words; nobody has more than a few, and every place of a text costs as many steps."""
MAX_GROWTH = 64
"""So many times the size of its file a quantized matrix may have, unfolded; 8 times is common."""
MAX_PROBES = 1000
"""Places that a word is looked for at; only words made for it share so many."""
UNSEEN = 10**15
"""More than any count: what a node of the tree has before it is made."""
SHARED_BYTES = 256_000_000
"""A plain matrix above this is left in the file, where all processes that read it share its memory."""
CENTROIDS = 256

Floats = npt.NDArray[np.float32]
Int64s = npt.NDArray[np.int64]


class Arguments(NamedTuple):
    """What a model was trained with, as far as a file says; the order is the file's."""

    dim: int
    window: int
    epochs: int
    min_count: int
    n_negative: int
    word_ngrams: int
    loss: int
    model: int
    n_buckets: int
    min_n: int
    max_n: int
    update_rate: int
    threshold: float


class Entries(NamedTuple):
    """Words or labels with how often each was seen: N strings, int64[N]."""

    names: Sequence[bytes]
    counts: Int64s


class Model(NamedTuple):
    """A classifier. input_RV, output_LV: its matrices, float32; tables: all that kernels need."""

    arguments: Arguments
    words: Entries
    classes: Entries
    input_RV: Floats
    output_LV: Floats
    tables: Tables

    @property
    def labels(self) -> tuple[str, ...]:
        """Without their prefix, in the order of the file."""
        return tuple(name.decode(errors="replace").removeprefix(PREFIX) for name in self.classes.names)


def load(path: str) -> Model:
    """The classifier in a `.bin` or `.ftz` file. Raises InputError if it is not there, or no complete classifier."""
    try:
        with open(path, "rb") as file:
            if not os.fstat(file.fileno()).st_size:
                raise ValueError("it is empty")
            return _parse(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    except (ValueError, OSError, MemoryError) as error:
        raise _refused(path, error) from error


def parse(data: bytes, name: str) -> Model:
    """The classifier in the content of a file. name: what an error calls it. Raises InputError."""
    try:
        return _parse(data)
    except (ValueError, MemoryError) as error:
        raise _refused(name, error) from error


def _refused(name: str, error: Exception) -> InputError:
    return InputError(
        f"{name} is not a usable fastText classifier ({error}): give the path of a .bin or .ftz file made by supervised"
        " training, or fetch it again"
    )


def build(words: Entries, classes: Entries, *, dim: int, word_ngrams: int, n_buckets: int) -> Model:
    """A classifier of words and hashed n-grams of words, by softmax, whose matrices are 0 and can be trained in place.

    words: by fastText's custom the most frequent first. classes: names without prefix.
    """
    arguments = Arguments(dim, 5, 1, 1, 5, word_ngrams, SOFTMAX, SUPERVISED, n_buckets, 0, 0, 100, 1e-4)
    input_RV = np.zeros((len(words.names) + n_buckets, dim), np.float32)
    output_LV = np.zeros((len(classes.names), dim), np.float32)
    prefixed = Entries([PREFIX.encode() + name for name in classes.names], classes.counts)
    return _model(arguments, words, prefixed, None, input_RV, output_LV)


def to_bytes(model: Model) -> bytes:
    """The content of a `.bin` file of a model that `build` made."""
    words, classes = model.words, model.classes
    entries = [*zip(words.names, words.counts.tolist(), [0] * len(words.names), strict=True)]
    entries += zip(classes.names, classes.counts.tolist(), [1] * len(classes.names), strict=True)
    n_tokens = int(words.counts.sum() + classes.counts.sum())
    parts = [
        struct.pack("<ii12id", MAGIC, VERSIONS[-1], *model.arguments),
        struct.pack("<iiiqq", len(entries), len(words.names), len(classes.names), n_tokens, -1),
        *(name + struct.pack("<bqb", 0, count, kind) for name, count, kind in entries),
    ]
    for matrix in (model.input_RV, model.output_LV):
        parts += [struct.pack("<?qq", False, *matrix.shape), np.ascontiguousarray(matrix, "<f4").tobytes()]
    return b"".join(parts)


class _Cursor:
    """A place in a file; every step raises ValueError where the file ends before it."""

    def __init__(self, data: bytes | mmap.mmap) -> None:
        self.data, self.view, self.place = data, memoryview(data), 0

    def take(self, n_bytes: int) -> memoryview:
        """The next bytes."""
        if not 0 <= n_bytes <= len(self.view) - self.place:
            raise ValueError("it ends too early or is damaged")
        self.place += n_bytes
        return self.view[self.place - n_bytes : self.place]

    def read(self, layout: str) -> tuple[Any, ...]:
        """Numbers, as `struct` lays them out."""
        return struct.unpack(layout, self.take(struct.calcsize(layout)))

    def array(self, kind: str, n: int) -> Any:
        """n numbers of a kind that NumPy names, not copied."""
        return np.frombuffer(self.take(n * np.dtype(kind).itemsize), kind)

    def string(self) -> bytes:
        """The bytes before the next NUL."""
        return bytes(self.take(self.data.find(b"\0", self.place) + 1 - self.place))[:-1]


def _parse(data: bytes | mmap.mmap) -> Model:
    cursor = _Cursor(data)
    arguments = _arguments(cursor)
    n_entries, n_words, n_labels, _, n_pruned = cursor.read("<iiiqq")
    if n_labels < 1 or n_words < 0 or n_entries != n_words + n_labels:
        raise ValueError("it has no labels")
    words, classes = _entries(cursor, n_words, 0), _entries(cursor, n_labels, 1)
    pruned = None if n_pruned < 0 else cursor.array("<i4", 2 * n_pruned).reshape(-1, 2)
    (is_quantized,) = cursor.read("<?")
    input_RV = _matrix(cursor, is_quantized)
    (is_output_quantized,) = cursor.read("<?")
    output_LV = _matrix(cursor, is_quantized and is_output_quantized)
    if cursor.place != len(cursor.view):
        raise ValueError(f"it goes on after its end at byte {cursor.place}")
    _check(arguments, n_words, n_labels, pruned, input_RV, output_LV)
    return _model(arguments, words, classes, pruned, input_RV, output_LV)


def _arguments(cursor: _Cursor) -> Arguments:
    magic, version = cursor.read("<ii")
    if magic != MAGIC or version not in VERSIONS:
        raise ValueError("it does not begin as one")
    found = Arguments(*cursor.read("<12id"))
    if found.model != SUPERVISED:
        raise ValueError("it was not made by supervised training")
    if version == VERSIONS[0]:  # these had no n-grams of characters, whatever they say
        found = found._replace(max_n=0)
    is_bounded = 1 <= found.word_ngrams <= MAX_NGRAM and found.min_n >= 0 and 0 <= found.max_n <= MAX_NGRAM
    uses_buckets = found.word_ngrams > 1 or found.max_n > 0
    if not is_bounded or not 1 <= found.loss <= 4 or found.n_buckets < (1 if uses_buckets else 0):
        raise ValueError("its arguments are damaged")
    return found


def _entries(cursor: _Cursor, n: int, kind: int) -> Entries:
    """The next n entries of the dictionary, all of one kind: 0 words, 1 labels."""
    names, counts = [], []
    for _ in range(n):
        names.append(cursor.string())
        count, found = cursor.read("<qb")
        if found != kind or not 0 <= count < UNSEEN:
            raise ValueError("its dictionary is damaged")
        counts.append(count)
    if len(set(names)) < n:
        raise ValueError("its dictionary has a word twice")
    return Entries(names, np.array(counts, np.int64))


def _matrix(cursor: _Cursor, is_quantized: bool) -> Floats:
    """The next matrix, float32; a quantized one is unfolded."""
    if is_quantized:
        return _unfolded(cursor)
    rows, columns = cursor.read("<qq")
    if rows < 0 or columns < 0:
        raise ValueError("it is damaged")
    matrix: Floats = cursor.array("<f4", rows * columns).reshape(rows, columns)
    return matrix if matrix.flags.aligned or matrix.nbytes > SHARED_BYTES else matrix.copy()


def _unfolded(cursor: _Cursor) -> Floats:
    """The next quantized matrix: each row is its parts' nearest centroids, times a norm that is one of 256."""
    has_norms, rows, columns, n_codes = cursor.read("<?qqi")
    if rows < 0 or columns < 1 or 4 * rows * columns > MAX_GROWTH * len(cursor.view):
        raise ValueError("it is damaged")
    codes = cursor.array("u1", n_codes)
    widths, centroids = _quantizer(cursor, columns)
    if n_codes != rows * len(widths):
        raise ValueError("it is damaged")
    codes, found, first = codes.reshape(rows, len(widths)), np.empty((rows, columns), np.float32), 0
    for part, width in enumerate(widths):
        values = centroids[CENTROIDS * first : CENTROIDS * (first + width)].reshape(CENTROIDS, width)
        found[:, first : first + width] = values[codes[:, part]]
        first += width
    if has_norms:
        norms = cursor.array("u1", rows)
        with np.errstate(all="ignore"):  # what is not finite then is refused
            found *= _quantizer(cursor, 1)[1][norms][:, None]
    return found


def _quantizer(cursor: _Cursor, columns: int) -> tuple[list[int], Floats]:
    """The width of each part of a row, and 256 centroids of each, one part after the other."""
    dim, n_parts, width, last = cursor.read("<iiii")
    if dim != columns or not (0 < n_parts <= columns and 0 < last <= width) or (n_parts - 1) * width + last != columns:
        raise ValueError("it is damaged")
    return [width] * (n_parts - 1) + [last], cursor.array("<f4", CENTROIDS * columns)


def _check(arguments: Arguments, n_words: int, n_labels: int, pruned: Any, input_RV: Floats, output_LV: Floats) -> None:
    """Raises ValueError if the parts of a file do not fit each other."""
    rest = len(input_RV) - n_words
    if input_RV.shape[1] != arguments.dim or output_LV.shape != (n_labels, arguments.dim) or arguments.dim < 1:
        raise ValueError("its matrices have another size than it says")
    for matrix in (input_RV, output_LV):  # one that is left in the file is not read for this
        if matrix.nbytes <= SHARED_BYTES and not np.isfinite(matrix).all():
            raise ValueError("it has numbers that are not finite")
    if pruned is None:
        if rest < arguments.n_buckets:
            raise ValueError("its input matrix is too small")
    elif len(pruned) and not (
        pruned.min() >= 0 and pruned[:, 0].max() < arguments.n_buckets and pruned[:, 1].max() < rest
    ):
        raise ValueError("its buckets are damaged")


def _model(
    arguments: Arguments, words: Entries, classes: Entries, pruned: Any, input_RV: Floats, output_LV: Floats
) -> Model:
    from .kernels import fasttext, fasttext_rows

    words_B = np.frombuffer(b"".join(words.names), np.uint8)
    firsts_W1 = np.zeros(len(words.names) + 1, np.int64)
    np.cumsum([len(name) for name in words.names], out=firsts_W1[1:])
    hashes_W = fasttext_rows.hash_words(words_B, firsts_W1)
    slots_H = np.full(_slots(len(words.names)), -1, np.int32)
    if fasttext_rows.fill_slots(hashes_W, slots_H) > MAX_PROBES:
        raise ValueError("its dictionary is damaged")
    kept_E, ranks_E = np.empty(0, np.uint64), np.empty(0, np.int64)
    if pruned is not None:
        kept_E, ranks_E, input_RV = _compressed(arguments.n_buckets, len(words.names), pruned, input_RV)
    is_tree = arguments.loss == HIERARCHICAL
    left_T, right_T = _tree(classes.counts) if is_tree else (np.empty(0, np.int32), np.empty(0, np.int32))
    tables = fasttext_rows.Tables(
        words_B=words_B,
        firsts_W1=firsts_W1,
        hashes_W=hashes_W,
        slots_H=slots_H,
        kept_E=kept_E,
        ranks_E=ranks_E,
        end_row=words.names.index(END_OF_LINE) if END_OF_LINE in words.names else -1,
        n_buckets=arguments.n_buckets,
        min_n=arguments.min_n,
        max_n=arguments.max_n,
        word_ngrams=arguments.word_ngrams,
        loss=arguments.loss,
        input_RV=_constant(input_RV),
        output=_constant(output_LV if is_tree else np.ascontiguousarray(output_LV.T)),
        left_T=left_T,
        right_T=right_T,
        sigmoid_Q=fasttext.sigmoids(),
    )
    return Model(arguments, words, classes, input_RV, output_LV, tables)


def _compressed(n_buckets: int, n_words: int, pruned: Any, input_RV: Floats) -> tuple[Any, Int64s, Floats]:
    """A bit for each bucket left, the row of the first of each 64, and the matrix with its rows in that order."""
    buckets, places = np.unique(pruned[:, 0].astype(np.int64), return_index=True)
    kept_E = np.zeros(n_buckets // 64 + 1, np.uint64)
    np.bitwise_or.at(kept_E, buckets >> 6, np.uint64(1) << (buckets & 63).astype(np.uint64))
    counts = np.bincount(buckets >> 6, minlength=len(kept_E))
    rows = np.concatenate([np.arange(n_words), n_words + pruned[places, 1]])
    return kept_E, n_words + np.cumsum(counts) - counts, input_RV[rows]


def _constant(array: Any) -> Any:
    """A view that cannot be written to, so that kernels are compiled for one kind of array only."""
    view = array.view()
    view.flags.writeable = False
    return view


def _slots(n: int) -> int:
    """A power of two, at least twice as many."""
    return 1 << max(1, (2 * n - 1).bit_length())


def _tree(counts: Int64s) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """The children of the inner nodes of the Huffman tree over labels, most frequent first, as fastText builds it.

    Nodes 0 .. L-1 are the labels, then come the inner nodes in the order in which they are joined, the root last.
    """
    n_labels = len(counts)
    weights = [*counts.tolist(), *[UNSEEN] * max(0, n_labels - 1)]
    leaf, inner = n_labels - 1, n_labels
    children = np.zeros((max(0, n_labels - 1), 2), np.int32)
    for node in range(n_labels, 2 * n_labels - 1):
        for side in (0, 1):
            if leaf >= 0 and weights[leaf] < weights[inner]:
                children[node - n_labels, side], leaf = leaf, leaf - 1
            else:
                children[node - n_labels, side], inner = inner, inner + 1
        left, right = children[node - n_labels]
        weights[node] = weights[left] + weights[right]
    return np.ascontiguousarray(children[:, 0]), np.ascontiguousarray(children[:, 1])
