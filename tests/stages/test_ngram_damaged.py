"""Damaged files of n-gram models are refused or are models: nothing is read outside of them, and nothing hangs."""

from __future__ import annotations

import contextlib
import io
import json
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ngram_models import CHINESE, ENGLISH, MARKS, drawn, file_of

from pipeline.errors import InputError
from stages import ngram_arpa
from stages.ngram_file import MAGIC, Writer, about_of, parse, read
from stages.ngram_score import score_lines
from stages.ngram_table import MAX_SHIFT

WHOLE = file_of({"en": (drawn(1, 3, ENGLISH), "words"), "zh": (drawn(2, 2, CHINESE), "characters")})
SIZE = int.from_bytes(WHOLE[-16:-8], "little")
TEXT = np.frombuffer("the cat sat on a mat。中文的一 zz".encode(), np.uint8)


def with_footer(footer: object) -> bytes:
    """The arrays of WHOLE with another footer."""
    content = footer if isinstance(footer, bytes) else json.dumps(footer).encode()
    return WHOLE[: -16 - SIZE] + content + len(content).to_bytes(8, "little") + MAGIC


def footer() -> dict:
    return json.loads(WHOLE[-16 - SIZE : -16])


def used(content: bytes) -> None:
    """Read a file and do with it what there is to do; raises InputError or ValueError, as `read` tells the user."""
    for model in parse(content, "damaged").models.values():
        score_lines(model, TEXT, np.zeros(1, np.int64), np.array([len(TEXT)], np.int64))
        ngram_arpa.write(model, io.BytesIO())


@given(st.integers(0, 10**9), st.binary(min_size=1, max_size=24))
@settings(max_examples=300, deadline=None)
def test_bytes_overwritten_anywhere(place, noise):
    place %= len(WHOLE)
    with contextlib.suppress(ValueError):
        used(WHOLE[:place] + noise + WHOLE[place + len(noise) :])


@given(st.integers(0, 10**9), st.binary(min_size=1, max_size=8))
@settings(max_examples=150, deadline=None)
def test_bytes_overwritten_in_the_footer(place, noise):
    place = len(WHOLE) - 16 - SIZE + place % SIZE
    with contextlib.suppress(ValueError):
        used(WHOLE[:place] + noise + WHOLE[place + len(noise) :])


@given(st.integers(0, len(WHOLE) - 1))
@settings(max_examples=60, deadline=None)
def test_a_file_that_ends_early_is_refused(size):
    with pytest.raises(ValueError, match=r"does not (begin|end) as a file of ours|footer"):
        parse(WHOLE[:size], "cut")


FIELDS = ["order", "n_words", "word_offsets", "words", "unseen", "tokens", "tables", "tokenizer", "n_tokenizer"]
VALUES = [-1, 0, 1, 7, 8, 16, 10**6, 2**40, 2**63, 2**64, 0.5, True, None, "words", [], {}, [{}], float("nan")]


@pytest.mark.parametrize("value", VALUES, ids=repr)
@pytest.mark.parametrize(
    "field", [*FIELDS, *(f"tables.{name}" for name in ("at", "slots", "buckets", "shift", "n_ngrams", "ids"))]
)
def test_any_value_in_any_field(field, value):
    content = footer()
    fields, (*inner, name) = content["languages"]["en"], field.split(".")
    for one in fields[inner[0]] if inner else [fields]:
        one[name] = value
    with contextlib.suppress(ValueError):
        used(with_footer(content))


@pytest.mark.parametrize("field", FIELDS[:-2])
def test_a_field_that_is_missing_is_named(field, tmp_path):
    content = footer()
    del content["languages"]["zh"][field]
    (tmp_path / "x.lm").write_bytes(with_footer(content))
    with pytest.raises(InputError, match=rf"x\.lm is not a usable n-gram language model \(.*{field[:5]}"):
        read(str(tmp_path / "x.lm"))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "it is empty"),
        (b"short", "does not begin as a file of ours"),
        (b"\\data\\\nngram 1=3\n" + bytes(100), "does not begin as a file of ours"),
        (WHOLE[:-1] + b"2", "does not end as a file of ours"),
        (WHOLE[:-16] + (1 << 40).to_bytes(8, "little") + MAGIC, "footer is longer than it can be"),
        (with_footer(b" " * 16_000_001), "footer is longer than it can be"),
        (with_footer(b"no JSON"), "Expecting value"),
        (with_footer(b"[" * 100_000), "nested too deeply"),
        (with_footer([]), "not of format 1"),
        (with_footer({"format": 2, "about": {}, "languages": {}}), "not of format 1"),
        (with_footer({"format": 1, "about": [], "languages": {}}), "does not tell of models"),
        (with_footer({"format": 1, "about": {}, "languages": {"en": 1}}), "a model has no fields"),
        (with_footer(b'\xff{"format": 1}'), "utf-8"),
    ],
)
def test_a_file_that_is_none_is_refused_in_one_line(content, message, tmp_path):
    path = tmp_path / "x.lm"
    path.write_bytes(content)
    with pytest.raises(InputError, match=re.escape(str(path))) as caught:
        read(str(path))
    assert message in str(caught.value) and "\n" not in str(caught.value) and len(str(caught.value)) < 500
    with pytest.raises(InputError):
        ngram_arpa.load(str(path))


def test_the_bounds_of_two_hundred_languages_fit_into_a_footer():
    sketch = {"width": 20, "bins": list(range(3500)), "counts": [100] * 3500}
    told = {"bounds": {"document_sketch": sketch, "line_sketch": sketch}, "discounts": [[0.123456] * 3] * 6}
    about = {"languages": {f"language{number}": told for number in range(200)}}
    assert about_of(io.BytesIO(file_of({"zh": (drawn(2, 2, CHINESE), "characters")}, about))) == about


def test_what_is_known_is_read_without_the_tables():
    class Watched(io.BytesIO):
        n_read = 0

        def read(self, size: int | None = -1) -> bytes:
            found = super().read(size)
            self.n_read += len(found)
            return found

    file = Watched(WHOLE)
    assert about_of(file) == {"made": "up"} and file.n_read == SIZE + 16
    for content in (b"", b"x" * 40, WHOLE[:-1]):
        with pytest.raises(InputError, match="is not a usable n-gram language model"):
            about_of(io.BytesIO(content))


def test_tables_full_of_one_key_do_not_stop_a_search():
    """As full as they can be, without an empty slot or a greater key: a search ends after `shift` slots."""
    full = bytearray(WHOLE)
    for table in footer()["languages"]["en"]["tables"]:
        full[table["at"] : table["at"] + 16 * table["slots"]] = (b"\1" + bytes(15)) * table["slots"]
    model = parse(bytes(full), "full").models["en"]
    found = score_lines(model, TEXT, np.zeros(1, np.int64), np.array([len(TEXT)], np.int64))
    assert found.unknown[0] == found.tokens[0] - 1
    with pytest.raises(InputError, match="the language model is damaged"):
        ngram_arpa.write(model, io.BytesIO())


def test_keys_that_all_fall_on_one_place_are_refused():
    writer = Writer(io.BytesIO())
    writer.begin("all", 1, "words", 0.0, MARKS)
    many = MAX_SHIFT + 2
    with pytest.raises(InputError, match="fall on the same place"), writer.table(1, many) as table:
        table.add(
            np.arange(1, many + 1, dtype=np.uint64), np.zeros((many, 1), np.int32), *np.zeros((2, many), np.float32)
        )
