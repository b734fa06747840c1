"""What recognizers of a recipe find in documents."""

from __future__ import annotations

import random
import socket

import pytest
from hypothesis import given, settings
from strategies import texts

from pipeline.errors import OptionError
from stages.recognizers import presidio_patterns
from stages.recognizers.presidio import Others, byte_places
from stages.recognizers.presidio_engine import MAX_PIECE, Words, marked_lines, pieces

regex = pytest.importorskip("regex")
spacy = pytest.importorskip("spacy")
presidio_analyzer = pytest.importorskip("presidio_analyzer")

STAFF = {
    "name": "staff",
    "supported_entity": "STAFF_NUMBER",
    "patterns": [{"name": "two letters", "regex": "[A-Z]{2}[0-9]{6}", "score": 0.3}],
    "context": ["staff", "工号"],
}
NAMES = {"name": "names", "supported_entity": "PERSON", "deny_list": ["Ann Lee", "张三", "สมชาย", "Mr."]}


def found(text: str, *recognizers: dict, language: str | None = None) -> list[tuple[str, str, float]]:
    """(entity, value, score) of what these recognizers find."""
    data = text.encode()
    findings = Others(recognizers).open().find(text, language)
    return [(one.entity, data[one.start : one.stop].decode(), round(one.score, 2)) for one in findings]


def test_patterns_and_lists_of_words():
    assert found("AB123456 and Ann Lee", STAFF, NAMES) == [
        ("staff_number", "AB123456", 0.3),
        ("person", "Ann Lee", 1.0),
    ]
    assert found("𠮷野家の社員番号：AB123456。", STAFF) == [("staff_number", "AB123456", 0.3)]
    assert found("", STAFF, NAMES) == []


def test_a_word_of_a_list_stands_alone_in_scripts_with_spaces_and_anywhere_in_others():
    assert found("Joann Lee, Ann Leeds, ann lee's", NAMES) == [("person", "ann lee", 1.0)]
    assert found("我叫张三丰，ผมชื่อสมชายครับ", NAMES) == [("person", "张三", 1.0), ("person", "สมชาย", 1.0)]
    assert found("Mr.Smith", NAMES) == [("person", "Mr.", 1.0)]


def test_a_list_of_english_words_finds_what_presidio_finds():
    words = ["Ann Lee", "Bo", "O'Neil"]
    theirs = presidio_analyzer.PatternRecognizer("PERSON", deny_list=words)
    for text in ("Ann Lee", "Bob, Bo; BO!", "(O'Neil) O'Neils", "Joann Lee Ann Lee\nBo_ Bo-Ann", ""):
        expected = sorted((one.start, one.end) for one in theirs.analyze(text, ["PERSON"]))
        ours = Others(({"name": "n", "supported_entity": "PERSON", "deny_list": words},)).open().find(text, None)
        assert [(one.start, one.stop) for one in ours] == expected


@pytest.mark.parametrize(
    ("text", "score"),
    [
        ("The staff number is AB123456", 0.65),
        ("Staffing: AB123456", 0.65),
        ("AB123456 is of the staff", 0.3),
        ("staff who met customers monday afternoon about orders AB123456", 0.3),
        ("员工的工号是AB123456", 0.65),
        ("工号：AB123456", 0.65),
        ("订单号是AB123456", 0.3),
    ],
)
def test_words_of_context_before_a_finding_raise_its_score(text, score):
    assert found(text, STAFF) == [("staff_number", "AB123456", score)]


def test_scores_in_context_are_those_of_presidio():
    """Its own engine with a model that splits at spaces, and its own linear search for words."""
    from presidio_analyzer.nlp_engine import SpacyNlpEngine
    from spacy import blank

    engine = SpacyNlpEngine()
    engine.nlp = {"en": blank("en")}
    engine.nlp["en"].add_pipe("lower_lemmas")
    recognizer = presidio_analyzer.PatternRecognizer(
        "STAFF_NUMBER", patterns=[presidio_analyzer.Pattern("p", "[A-Z]{2}[0-9]{6}", 0.3)], context=["staff", "payroll"]
    )
    registry = presidio_analyzer.RecognizerRegistry([recognizer])
    theirs = presidio_analyzer.AnalyzerEngine(registry=registry, nlp_engine=engine)
    ours = {**STAFF, "context": ["staff", "payroll"]}
    text = "Payroll of the year is AB000001 and this staff is AB000002. Customers met monday afternoon about orders. AB000003"
    expected = {(one.start, one.end, one.score) for one in theirs.analyze(text, "en")}
    assert {(one.start, one.stop, one.score) for one in Others((ours,)).open().find(text, None)} == expected
    assert len({score for _, _, score in expected}) == 2


@pytest.fixture(autouse=True, scope="module")
def lower_lemmas():
    """A component of spaCy: a token's lemma is what it says, in lower case."""
    from spacy.language import Language

    @Language.component("lower_lemmas")
    def lower(doc):
        for token in doc:
            token.lemma_ = token.lower_
        return doc


def test_a_recognizer_of_presidio_by_name():
    card = {"name": "CreditCardRecognizer", "type": "predefined"}
    assert found("card 4012888888881881 or 4012888888881882", card) == [("card", "4012888888881881", 1.0)]
    named = {"name": "cards", "class_name": "CreditCardRecognizer", "type": "predefined"}
    (one,) = Others((named,)).open().find("卡号 4012888888881881", None)
    assert (one.rule, one.entity, one.start, one.stop) == ("cards", "card", 7, 23)


def test_context_of_a_recognizer_of_presidio_can_be_ours():
    weak = {"name": "UsPassportRecognizer", "type": "predefined"}
    chinese = {**weak, "supported_languages": [{"language": "zh", "context": ["护照"]}]}
    assert found("护照号码 912803456", weak)[0][2] < found("护照号码 912803456", chinese)[0][2]


def test_languages_decide_who_looks_at_a_document():
    english = {**STAFF, "supported_languages": ["en"]}
    chinese = {**STAFF, "name": "chinese", "supported_languages": ["zh", "ja"], "context": []}
    for language, rules in (
        ("en", ["staff"]), ("zh", ["chinese"]), ("ja", ["chinese"]), ("de", []),
        (None, ["chinese", "chinese", "staff"]), ("", ["chinese", "chinese", "staff"]), ("und", ["chinese", "chinese", "staff"]),
    ):  # fmt: skip
        assert [one.rule for one in Others((english, chinese)).open().find("AB123456", language)] == rules


def test_each_language_has_its_own_context():
    languages = [{"language": "en", "context": ["staff"]}, {"language": "zh", "context": ["工号"]}]
    both = {**STAFF, "context": [], "supported_languages": languages}
    assert found("staff AB123456", both, language="en") == [("staff_number", "AB123456", 0.65)]
    assert found("staff AB123456", both, language="zh") == [("staff_number", "AB123456", 0.3)]
    assert found("工号 AB123456", both, language="zh") == [("staff_number", "AB123456", 0.65)]


def test_only_lines_with_a_mark_reach_a_recognizer():
    marked = {**STAFF, "marks": ["No.", "编号"]}
    text = "AB000001\nNo. AB000002 编号\r\nno. AB000003\n编号AB000004\n\nAB000005 No."
    assert [value for _, value, _ in found(text, marked)] == ["AB000002", "AB000004", "AB000005"]


@given(texts)
@settings(max_examples=60)
def test_lines_with_a_mark_are_those_that_a_plain_search_finds(text):
    marks = ("the", "的", "- ", "一行")
    place, lines = 0, []
    for line in text.split("\n"):
        if any(mark in line for mark in marks):
            lines.append((place, place + len(line)))
        place += len(line) + 1
    assert marked_lines(text, marks) == lines


@given(texts)
@settings(max_examples=60)
def test_pieces_are_bounded_make_up_the_text_and_see_what_is_around_them(text):
    cut = list(pieces(text, 7, 3))
    assert "".join(text[one.low : one.high] for one in cut) == text
    assert [one.low for one in cut] == [0, *(one.high for one in cut[:-1])][: len(cut)]
    for one in cut:
        assert one.text == text[max(one.low - 3, 0) : one.high + 3] == text[one.place : one.place + len(one.text)]
        assert 0 < one.high - one.low <= 7
        assert one.high == len(text) or text[one.high - 1] == "\n" or one.high - one.low == 7


@pytest.mark.parametrize("end", ["\n", " ", "，"])
def test_nothing_is_lost_or_found_twice_where_pieces_meet(end):
    line = f"张三的工号是AB123456{end}"
    text = line * (3 * MAX_PIECE // len(line))
    findings = Others((STAFF, NAMES)).open().find(text, None)
    expected = [place for place in range(len(text)) if text.startswith(("AB123456", "张三"), place)]
    assert [one.start for one in findings] == sorted(byte_places(text, expected).values())
    assert {round(one.score, 2) for one in findings} == {0.65, 1.0}


@pytest.mark.parametrize("name", ["EmailRecognizer", "CreditCardRecognizer", "IbanRecognizer", "MacAddressRecognizer"])
@pytest.mark.parametrize("end", ["\n", "，"])
def test_recognizers_of_presidio_find_in_pieces_what_they_find_in_the_whole(name, end):
    values = [
        "é@corpus.co.uk",
        "4012-8888-8888-1881",
        "GB82 WEST 1234 5698 7654 32",
        "00:00:5E:00:53:01",
        "写信给张三",
        "so",
    ]
    drawn = random.Random(0)
    text = end.join(" ".join(drawn.sample(values, 3)) for _ in range(1_000))
    theirs = getattr(presidio_analyzer.predefined_recognizers, name)()
    results = theirs.analyze(text, theirs.supported_entities)
    expected = sorted((len(text[: one.start].encode()), len(text[: one.end].encode())) for one in results)
    ours = Others(({"name": name, "type": "predefined"},)).open().find(text, None)
    assert [(one.start, one.stop) for one in ours] == expected
    assert len(text) > MAX_PIECE and len(expected) > 300


@given(texts)
@settings(max_examples=60)
def test_places_in_bytes(text):
    places = list(range(len(text) + 1))
    assert byte_places(text, reversed(places)) == {place: len(text[:place].encode()) for place in places}


@given(texts)
@settings(max_examples=30, deadline=None)
def test_the_words_near_a_place_are_those_that_presidio_takes(text):
    """Presidio's search, among the same words: those of the text, some of which do not count."""
    from presidio_analyzer.context_aware_enhancers import LemmaContextAwareEnhancer
    from presidio_analyzer.nlp_engine import NlpArtifacts

    found = [(match.start(), match[0]) for match in regex.finditer(r"\w{1,40}|[^\w\s]", text)]
    words = [word for _, word in found]
    theirs = NlpArtifacts([], words, [place for place, _ in found], [word.lower() for word in words], None, "en")
    stop_words = spacy.blank("en").Defaults.stop_words
    theirs.keywords = [word for word in theirs.lemmas if word[0].isalnum() and word not in stop_words]
    ours = Words(text, "en")
    for before, after in ((5, 0), (1, 2)):
        enhancer = LemmaContextAwareEnhancer(context_prefix_count=before, context_suffix_count=after)
        for place in range(found[-1][0] + len(words[-1]) if found else 0):
            expected = enhancer._extract_surrounding_words(theirs, "", place)
            assert ours.near(place, before, after) == (sorted(expected) if theirs.keywords else [""])


@pytest.mark.parametrize(
    "piece", ["AB123456 ", "工号CD123456，", "No.\n", "(((((", "张三", "\0", "é", "aaaaaaaa!", "@ "]
)
def test_hostile_text_takes_time_by_its_length(piece):
    text = piece * (50_000 // len(piece))
    marked = {**STAFF, "name": "marked", "marks": ["No.", "aaa"]}
    signs = {**STAFF, "name": "signs", "patterns": [{"name": "sign", "regex": "@", "score": 0.1}]}
    values = ("AB123456", "CD123456", "张三", "@")
    assert len(found(text, STAFF, NAMES, marked, signs)) == sum(text.count(value) for value in values)


def test_a_pattern_that_backtracks_without_end_is_an_error_that_names_it(monkeypatch):
    monkeypatch.setattr(presidio_patterns, "MAX_SECONDS", 0.1)
    slow = {**STAFF, "patterns": [{"name": "nested", "regex": r"(\w|\w\w|\w\w\w)+$", "score": 0.5}]}
    with pytest.raises(OptionError, match=r"recognizer 'staff': the pattern 'nested' took over 0\.1 seconds") as error:
        found("秘密" + "a" * 60 + "!", slow)
    assert "aaa" not in str(error.value) and "秘密" not in str(error.value)


def test_patterns_of_presidio_are_bounded_and_left_as_they_were(monkeypatch):
    email = {"name": "EmailRecognizer", "type": "predefined"}
    monkeypatch.setattr(presidio_patterns, "MAX_SECONDS", 0.0)
    with pytest.raises(OptionError, match="recognizer 'EmailRecognizer'"):
        found("a" * 5_000 + "@" * 5_000, email)
    monkeypatch.undo()
    theirs = presidio_analyzer.predefined_recognizers.EmailRecognizer()
    assert not isinstance(theirs.patterns[0].compiled_regex, presidio_patterns.Bounded)


def test_nothing_is_fetched(monkeypatch):
    asked = []

    def refuse(*where, **more):
        asked.append(where)
        raise OSError("no network in this test")

    for name in ("getaddrinfo", "create_connection"):
        monkeypatch.setattr(socket, name, refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    recognizers = [{"name": name, "type": "predefined"} for name in ("EmailRecognizer", "UrlRecognizer")]
    values = found("write to someone@corpus.co.uk", *recognizers)
    assert ("email", "someone@corpus.co.uk", 1.0) in values
    assert not asked
