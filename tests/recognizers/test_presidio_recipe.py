"""Recognizers as recipes describe them, and those of plugins, checked before anything is read."""

from __future__ import annotations

import importlib
import pickle
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import yaml

from pipeline.errors import OptionError, PlanError, StageError
from stages.pii import Pii
from stages.recognizers import presidio_engine, presidio_ner, registry
from stages.recognizers.presidio import Others

pytest.importorskip("presidio_analyzer")
ROOT = Path(__file__).parents[2]
PATTERN = {"name": "p", "regex": "x", "score": 0.5}
GOOD = {"name": "mine", "supported_entity": "MINE", "patterns": [PATTERN]}


def test_what_presidio_documents_is_understood():
    """The keys of Presidio's own example of a file with recognizers."""
    zip_code = {
        "name": "Zip code Recognizer",
        "supported_language": "de",
        "patterns": [{"name": "zip code (weak)", "regex": r"(\b\d{5}(?:\-\d{4})?\b)", "score": 0.01}],
        "context": ["zip", "code"],
        "supported_entity": "ZIP",
    }
    titles = {
        "name": "Titles recognizer",
        "supported_language": "en",
        "supported_entity": "TITLE",
        "deny_list": ["Mr.", "Mrs.", "Ms.", "Miss", "Dr.", "Prof."],
    }
    others = Others((zip_code, titles)).open()
    assert others.entities == ("title", "zip")
    assert [(one.rule, one.start, one.stop) for one in others.find("Dr. K, 12345 X", "en")] == [
        ("Titles recognizer", 0, 3)
    ]
    (found,) = others.find("zip code 12345 Musterstadt", "de")
    assert (found.start, found.stop, round(found.score, 2)) == (9, 14, 0.4)


def test_the_recognizers_of_the_documentation_work():
    page = (ROOT / "docs" / "pii.md").read_text(encoding="utf-8")
    (block,) = (block for block in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL) if "recognizers:" in block)
    others = Others(tuple(yaml.safe_load(block)[0]["pii"]["recognizers"])).open()
    assert others.entities == ("de_tax_id", "person", "staff_number")
    text = "Staff of payroll: AB123456\nAB123457\n员工的工号是AB123458，staff"
    for language, scores in (("en", [0.65, 0.3]), ("zh", [0.3, 0.65])):
        found = [
            (text.encode()[one.start : one.stop].decode(), round(one.score, 2)) for one in others.find(text, language)
        ]
        assert found == list(zip(["AB123456", "AB123458"], scores, strict=True))


def test_entities_have_our_names():
    names = {"EMAIL_ADDRESS": "email", "email_address": "email", "CREDIT_CARD": "card", "PERSON": "person", "X1": "x1"}
    for theirs, ours in names.items():
        assert Others(({**GOOD, "supported_entity": theirs},)).entities == (ours,)
    written = {**PATTERN, "score": "5e-1"}  # YAML 1.1 reads 5e-1 as text
    assert Others(({**GOOD, "patterns": [written]},)).open().find("x", None)[0].score == 0.5
    assert Others(({"name": "m", "supported_entities": ["A_B"], "patterns": [PATTERN]},)).entities == ("a_b",)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"name": ""}, "needs a name"),
        ({"name": "x" * 81}, "needs a name"),
        ({"name": "a\nb"}, "needs a name"),
        ({"name": 3}, "'name' must be text"),
        ({"pattern": []}, r"has no option 'pattern' \(did you mean 'patterns'\?\)"),
        ({"score_thresholds": {}}, "has no option 'score_thresholds'"),
        ({"patterns": []}, "needs 'patterns' or 'deny_list'"),
        ({"patterns": [{**PATTERN, "regex": "(工号"}]}, "the pattern 'p' cannot be used: missing"),
        ({"patterns": [{**PATTERN, "regex": "x" * 10_001}]}, "over 10,000 characters"),
        ({"patterns": [{**PATTERN, "score": 1.5}]}, "'score' must be at most 1"),
        ({"patterns": [{**PATTERN, "regexp": "x"}]}, "has no option 'regexp'"),
        ({"patterns": [{"name": "p", "score": 1}]}, "needs the option 'regex'"),
        ({"patterns": "x"}, "'patterns' must be list of map"),
        ({"deny_list": ["a", ""]}, "has an empty word"),
        ({"deny_list": ["张三" * 30_000, "x" * 40_001]}, "over 100,000 characters; use several"),
        ({"deny_list": "abc"}, "'deny_list' must be list of text"),
        ({"deny_list_score": 2}, "'deny_list_score' must be at most 1"),
        ({"supported_entity": ""}, "needs one 'supported_entity'"),
        ({"supported_entities": ["A"]}, "needs one 'supported_entity'"),
        ({"supported_entity": "工号"}, "'supported_entity' must match"),
        ({"supported_entity": "../x"}, "'supported_entity' must match"),
        ({"supported_language": "English"}, "takes codes such as en, zh"),
        ({"supported_language": "en", "supported_languages": ["en"]}, "not both"),
        ({"supported_languages": [{"lang": "en"}]}, "a language is written"),
        ({"supported_languages": ["en", "zh"], "context": ["card"]}, "its own words of context"),
        ({"context": ["staff", "staff number"]}, "takes single words, without signs, got 'staff number'"),
        ({"context": ["工号："]}, "takes single words, without signs, got '工号：'"),
        ({"context": [""]}, "takes single words, without signs, got ''"),
        ({"context": ["x" * 41]}, "takes single words"),
        ({"supported_languages": [{"language": "en", "context": ["e-mail"]}]}, "takes single words"),
        ({"global_regex_flags": 512}, "no flags of the module regex"),
        ({"global_regex_flags": -1}, "no flags of the module regex"),
        ({"marks": ["a\nb"]}, "'marks' must be texts that stand in a line"),
        ({"marks": [""]}, "'marks' must be texts that stand in a line"),
        ({"type": "remote"}, "has no choice 'remote'"),
        ({"type": "predefined"}, "'patterns' does not go with 'type: predefined'"),
        ({"class_name": "EmailRecognizer"}, "'class_name' does not go with 'type: custom'"),
    ],
)
def test_what_cannot_be_used_is_an_error_that_names_the_recognizer(changed, message):
    with pytest.raises(OptionError, match=message) as error:
        Others(({**GOOD, **changed},))
    assert error.value.key == "recognizers"
    assert str(error.value).startswith("pii recognizer ")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("EmailRecognise", r"did you mean 'EmailRecognizer'\?"),
        ("SpacyRecognizer", "needs a model or a service"),
        ("GLiNERRecognizer", "needs a model or a service"),
        ("AzureAILanguageRecognizer", "needs a model or a service"),
        ("Pattern", "cannot take a recognizer 'Pattern'"),
        ("__init__", "cannot take a recognizer '__init__'"),
    ],
)
def test_only_recognizers_that_work_by_themselves_are_taken_from_presidio(name, message):
    with pytest.raises(OptionError, match=message):
        Others(({"name": name, "type": "predefined"},))


def test_two_of_a_name_are_an_error_and_one_that_is_not_enabled_is_not_there():
    with pytest.raises(OptionError, match="two recognizers 'mine'"):
        Others((GOOD, GOOD))
    assert not Others(({**GOOD, "enabled": False},))
    assert not Others()
    assert Others((GOOD,)) and Others(ner={"en": "x"})


def test_a_recognizer_by_patterns_is_checked_without_loading_presidio():
    code = (
        f"import sys; from stages.recognizers.presidio import Others; Others(({GOOD!r},)).entities; print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert not {"presidio_analyzer", "spacy", "torch"} & set(done.stdout.split())


def test_without_presidio_an_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "presidio_analyzer", None)
    with pytest.raises(
        OptionError, match=r"'recognizers' needs the package presidio-analyzer: pip install 'corpusmill\[pii\]'"
    ):
        Others((GOOD,)).open()
    monkeypatch.setattr(presidio_ner, "identity", str)
    monkeypatch.setattr(presidio_engine, "LIBRARIES", ("a-package-that-nobody-has",))
    with pytest.raises(
        OptionError, match=r"'ner' needs the package presidio-analyzer: pip install 'corpusmill\[pii\]'"
    ):
        Others(ner={"en": "x"}).identity()
    monkeypatch.setitem(sys.modules, "regex", None)
    with pytest.raises(OptionError, match=r"pip install 'corpusmill\[pii\]'"):
        Others((GOOD,))


PLUGIN = '''
    from presidio_analyzer import EntityRecognizer, RecognizerResult
    from stages.recognizers.registry import recognizer

    @recognizer("desks", entities=["DESK"], version="7")
    class Desks(EntityRecognizer):
        """Finds the word desk."""

        def __init__(self):
            super().__init__(["DESK", "PERSON"], supported_language="en")

        def load(self):
            pass

        def analyze(self, text, entities, nlp_artifacts=None):
            if "fail" in text:
                raise ValueError("cannot read " + text)
            places = [place for place in range(len(text)) if text.startswith(("desk", "书桌"), place)]
            found = [(place, place + len("书桌" if text[place] == "书" else "desk"), "DESK") for place in places]
            if "PERSON" in text:
                found.append((0, 1, "PERSON"))
            if "far" in text:
                found.append((0, len(text) + 1, "DESK"))
            return [RecognizerResult(entity, start, stop, 0.7) for start, stop, entity in found]
'''
DESKS = {"name": "desks", "type": "predefined"}


@pytest.fixture
def plugin(tmp_path, monkeypatch):
    """A module with a recognizer, as `--plugin desk_plugin` would import it."""
    (tmp_path / "desk_plugin.py").write_text(textwrap.dedent(PLUGIN))
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(registry, "_registry", {})
    yield importlib.import_module("desk_plugin")
    sys.modules.pop("desk_plugin", None)


def test_a_plugin_has_a_recognizer_that_recipes_name(plugin):
    others = Others((DESKS,))
    assert others.entities == ("desk",)
    assert others.identity()["recognizer desks"] == "7"
    text = "a desk, 一张书桌"
    found = [
        (one.rule, text.encode()[one.start : one.stop].decode(), one.score) for one in others.open().find(text, "zh")
    ]
    assert found == [("desks", "desk", 0.7), ("desks", "书桌", 0.7)]


def test_a_plugins_recognizer_is_found_where_the_plugin_was_not_named(plugin, tmp_path):
    """As in a worker, which unpickles the stage."""
    (tmp_path / "stage").write_bytes(pickle.dumps(Pii(recognizers=(DESKS,))))
    code = "import pickle; print(len(pickle.load(open('stage', 'rb')).open().others.find('desk desk', None)))"
    paths = {"PYTHONPATH": f"{ROOT}:{tmp_path}"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path, env=paths
    )
    assert done.stdout.split()[-1] == "2"


def test_a_recognizer_that_fails_is_an_error_without_the_text(plugin):
    others = Others((DESKS,)).open()
    with pytest.raises(StageError, match=r"recognizer 'desks' raised ValueError at .*desk_plugin\.py:\d+") as error:
        others.find("a secret and then fail", None)
    assert "secret" not in str(error.value) and error.value.__suppress_context__


def test_findings_that_were_not_announced_or_are_not_in_the_text_are_errors(plugin):
    others = Others((DESKS,)).open()
    with pytest.raises(StageError, match=r"found the entity 'person', which it did not announce \(it announced desk\)"):
        others.find("PERSON", None)
    with pytest.raises(StageError, match="found characters 0 to 4 of 3"):
        others.find("far", None)


def failing():
    """A factory that does not find what it needs."""
    raise FileNotFoundError("no list of 员工")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (failing, r"cannot be made: FileNotFoundError: no list of 员工 \(.*test_presidio_recipe\.py:\d+\)"),
        (lambda: None, "must be an EntityRecognizer of Presidio, not NoneType"),
        (dict, "must be an EntityRecognizer of Presidio, not dict"),
        (lambda needed: needed, "cannot be made: TypeError"),
    ],
)
def test_what_makes_no_recognizer_is_an_error_that_names_it(make, message, plugin):
    registry.recognizer("broken", ["DESK"])(make)
    others = Others(({"name": "mine", "class_name": "broken", "type": "predefined"},))
    with pytest.raises(OptionError, match=f"recognizer 'broken' of a plugin {message}"):
        others.open()


@pytest.mark.parametrize("given", [None, (), "desk"])
def test_a_recognizer_that_gives_no_list_is_an_error(given, plugin, monkeypatch):
    monkeypatch.setattr(plugin.Desks, "analyze", lambda *given_to, **more: given)
    with pytest.raises(StageError, match=f"'desks' must give a list of RecognizerResult, not {type(given).__name__}"):
        Others((DESKS,)).open().find("一张书桌", "zh")


def test_a_long_finding_of_a_plugin_is_found_whole(plugin, monkeypatch):
    """It finds the text from `desk` up to a full stop, or to the end of what it sees."""
    from presidio_analyzer import RecognizerResult

    def analyze(self, text, entities, nlp_artifacts=None):
        start = text.find("desk")
        stop = text.find(".", start) + 1 or len(text)
        return [RecognizerResult("DESK", start, stop, 0.7)] if start >= 0 else []

    monkeypatch.setattr(plugin.Desks, "analyze", analyze)
    others = Others((DESKS,)).open()
    text = "桌" * 19_990 + "desk" + "书" * 6_000 + "." + "桌" * 19_000
    assert [(one.start, one.stop) for one in others.find(text, None)] == [(3 * 19_990, 3 * 19_990 + 4 + 18_000 + 1)]
    with pytest.raises(StageError, match="'desks' found over 100,000 characters at once"):
        others.find("desk" + "书" * 300_000, None)


def test_words_of_context_are_a_plugins_own(plugin):
    with pytest.raises(OptionError, match="'context' does not go with a recognizer of a plugin"):
        Others(({**DESKS, "context": ["office"]},))


def test_an_entry_point_brings_recognizers(plugin, tmp_path, monkeypatch):
    about = tmp_path / "desks-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: desks\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[corpusmill.recognizers]\nanything = desk_plugin\n")
    monkeypatch.setattr(registry, "_registry", {})
    sys.modules.pop("desk_plugin")
    registry._load_entry_points.cache_clear()
    assert Others((DESKS,)).entities == ("desk",)
    registry._load_entry_points.cache_clear()


def test_a_name_has_one_owner_and_entities_are_names(plugin):
    registry.recognizer("desks", ["DESK"])(plugin.Desks)
    with pytest.raises(PlanError, match=r"two recognizers claim the name 'desks': desk_plugin\.Desks and .*other"):
        registry.recognizer("desks", ["DESK"])(other)
    with pytest.raises(PlanError, match="has the entity 'two words'"):
        registry.recognizer("others", ["two words"])(other)


def other():
    """Another factory."""
    raise AssertionError
