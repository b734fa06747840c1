"""Options that take anything: values as YAML has them, and nothing that JSON could not hold."""

from __future__ import annotations

import datetime
from functools import partial
from typing import Any

import jsonschema
import pytest

from pipeline.errors import OptionError, RecipeError
from pipeline.reference import _options, _properties
from pipeline.schema import build, configured, option, options
from pipeline.yaml_tree import Tree


@partial(configured, what="toy")
class Toy:
    """Takes maps of anything."""

    maps: tuple[dict[str, Any], ...] = option((), "maps in somebody else's format")
    value: Any = option(None, "anything")


GIVEN = """
maps:
  - name: 车牌
    patterns: [{regex: "[A-Z]{2}", score: 0.5}, {regex: x, score: 1}]
    enabled: true
    nothing: null
  - {}
value: [1, [2, [text]]]
"""


def test_values_stay_as_yaml_has_them():
    tree = Tree("x.yaml", GIVEN)
    made = tree.build(Toy, tree.value, (), "toy")
    assert made.maps == tuple(tree.value["maps"]) and made.value == tree.value["value"]
    assert options(made) == tree.value
    assert options(build(Toy, options(made), "toy")) == tree.value
    assert made == build(Toy, tree.value, "toy") != Toy()


def test_what_is_made_in_python_is_taken_the_same_way():
    given = {"a": (1, [2.5, {"b": "中"}])}
    made = Toy(maps=[given])
    assert made.maps == ({"a": [1, [2.5, {"b": "中"}]]},)
    given["a"] = ()
    assert made.maps[0]["a"]


@pytest.mark.parametrize(
    "value",
    [
        datetime.date(2024, 1, 1),
        float("nan"),
        float("-inf"),
        b"x",
        {1: "a"},
        {1, 2},
        object(),
        [{"a": {"b": [2**0.5, {3: 4}]}}],
    ],
)
def test_what_json_has_not_is_refused(value):
    with pytest.raises(OptionError, match="toy option 'value' must be anything that JSON has, got"):
        Toy(value=value)
    with pytest.raises(
        OptionError, match="toy option 'maps' must be list of map of text to anything that JSON has, got"
    ):
        Toy(maps=({"a": value},))


def test_a_date_in_a_recipe_is_at_its_line():
    tree = Tree("x.yaml", "value: a\nmaps:\n  - {since: 2024-01-01}\n")
    with pytest.raises(RecipeError, match=r"x.yaml:2: toy option 'maps' must be list of map"):
        tree.build(Toy, tree.value, (), "toy")
    with pytest.raises(OptionError, match="must be list of map"):
        Toy(maps="text")


def test_reference_and_json_schema_say_so():
    assert "| `maps` | list of map of text to anything that JSON has | `[]` |" in _options(Toy)
    schema = {"type": "object", "properties": _properties(Toy)}
    tree = Tree("x.yaml", GIVEN)
    jsonschema.validate(tree.value, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"maps": [["a"]]}, schema)
