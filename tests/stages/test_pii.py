"""pii: what becomes of what rules find, in English and Chinese, beside Presidio, and in bounded time."""

from __future__ import annotations

import json
import random
import re
import socket
from pathlib import Path

import numpy as np
import personal
import pytest
import zstandard
from batches import documents
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import documents as text_lists

from pipeline.errors import OptionError
from pipeline.execute import run_stage
from stages import pii
from stages.pii import Pii
from stages.pii_actions import Hashes, check_of, masked, normalized
from stages.recognizers import marks
from stages.recognizers.cards import luhn
from stages.recognizers.rule import Finding, Rule, Settings, Span, resolved
from stages.recognizers.rules import RULES, find_all
from stages.recognizers.scanner import Scanner

CORPORA = Path(__file__).parents[3] / "shared" / "corpora"
KEY = "a key for tests, of no use elsewhere"
SURE = {"min_score": 0.0}


def scrub(text: str, **options) -> str:
    return run_stage(Pii(**options), documents([text])).kept.column("text")[0].as_py()


def findings(text: str, **options) -> list[dict]:
    return run_stage(Pii(**options), documents([text])).kept.column("pii_findings")[0].as_py()


# Rules for tests: a word in capitals after `mr.` or 先生, and a run of seven digits


def find_name(text: bytes, start: int, stop: int, settings: Settings):
    match = re.compile(rb" ?([A-Z]+|(?:\xe7\x8e\x8b)+)").match(text, stop)
    if match:
        yield Span(*match.span(1), 0.4 if text[start:stop] == b"mr." else 0.9, "titled")


def find_number(text: bytes, start: int, stop: int, settings: Settings):
    yield Span(start, stop, 0.8, "digits")
    if settings.all_ips:
        yield Span(start, stop - 1, 0.8, "fewer digits")


TOYS = (Rule("person", marks.WORDS, find_name, ("mr.", "先生")), Rule("phone", marks.DIGITS, find_number))


@pytest.fixture
def toys(monkeypatch):
    monkeypatch.setattr(pii, "RULES", TOYS)


TEXT = "Call mr. SMITH at 555-0100, 先生王王 １２３４５６７."


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, "Call mr. SMITH at <PHONE>, 先生<PERSON> <PHONE>."),
        ({"min_scores": {"person": 0.4}}, "Call mr. <PERSON> at <PHONE>, 先生<PERSON> <PHONE>."),
        ({"min_score": 0.4, "action": "mask"}, "Call mr. ***** at ***-****, 先生** *******."),
        ({"action": "remove"}, "Call mr. SMITH at , 先生 ."),
        ({"action": "remove", "actions": {"person": "tag"}}, "Call mr. SMITH at , 先生<PERSON> ."),
        ({"entities": ("phone",)}, "Call mr. SMITH at <PHONE>, 先生王王 <PHONE>."),
        ({"min_score": 0.85}, "Call mr. SMITH at 555-0100, 先生<PERSON> １２３４５６７."),
        ({"min_scores": {"phone": 1, "person": 1}}, TEXT),
    ],
)
def test_actions_and_scores(toys, options, expected):
    assert scrub(TEXT, **options) == expected


def test_a_surrogate_is_the_same_for_a_value_and_another_with_another_key(toys, monkeypatch):
    options = {"action": "surrogate", "actions": {"phone": "tag"}, "min_score": 0.4}
    monkeypatch.setenv("CORPUSMILL_PII_KEY", KEY)
    once = scrub("mr. SMITH, mr. SMITH", **options)
    fake = once[4 : once.index(",")]
    assert once == f"mr. {fake}, mr. {fake}"
    assert fake != "SMITH"
    made = Pii(**options, key_variable="OTHER_KEY")
    with pytest.raises(OptionError, match="environment variable OTHER_KEY is not set"):
        made.identity()
    monkeypatch.setenv("OTHER_KEY", "too short")
    with pytest.raises(OptionError, match=r"at least 16 bytes.*OTHER_KEY has only 9 bytes"):
        made.open()
    monkeypatch.setenv("OTHER_KEY", KEY.upper())
    assert scrub("mr. SMITH, mr. SMITH", **options, key_variable="OTHER_KEY") != once
    assert made.identity() != Pii(**options).identity()
    assert KEY.encode().hex() not in check_of(KEY.encode())
    assert Pii().identity() == Pii(key_variable="NOT_THERE").identity()


def test_where_findings_stood_and_what_stands_there_now(toys):
    texts = [TEXT, "nothing 没有", "", "é mr. SMITH 1234567"]
    kept = run_stage(Pii(action="mask", actions={"person": "tag"}, min_score=0.4), documents(texts)).kept
    for before, after, found in zip(
        texts, kept.column("text").to_pylist(), kept.column("pii_findings").to_pylist(), strict=True
    ):
        old, new, shift, rebuilt, last = before.encode(), after.encode(), 0, b"", 0
        for one in found:
            place = one["start"] + shift
            assert new[place : place + one["replaced"]] in (
                b"<PERSON>",
                masked(old[one["start"] : one["stop"]].decode()).encode(),
            )
            rebuilt += old[last : one["start"]] + new[place : place + one["replaced"]]
            shift += one["replaced"] - (one["stop"] - one["start"])
            last = one["stop"]
        assert rebuilt + old[last:] == new
    assert [one["entity"] for one in kept.column("pii_findings")[0].as_py()] == ["person", "phone", "person", "phone"]
    assert kept.column("pii_findings")[3].as_py()[1] == {
        "start": 13, "stop": 20, "entity": "phone", "rule": "digits", "score": pytest.approx(0.8), "replaced": 7
    }  # fmt: skip
    assert kept.column("pii_n_person").to_pylist() == [2, 0, 0, 1]
    assert kept.column("pii_n_findings").to_pylist() == kept.column("pii_n_edits").to_pylist() == [4, 0, 0, 2]
    assert kept.column("pii_per_1000_chars").to_pylist() == pytest.approx([4000 / len(TEXT), 0, 0, 2000 / 19])
    assert kept.column("pii_hashes").to_pylist()[1:3] == [[], []]
    assert len(kept.column("pii_n_email").to_pylist()) == 4


def test_hashes_tell_values_again_however_they_are_written(toys):
    kept = run_stage(
        Pii(min_score=0.4), documents(["mr. SMITH 555-0100", "5550100", "555 0101 mr. SMITH", "５５５０１００"])
    ).kept
    first, second, third, wide = kept.column("pii_hashes").to_pylist()
    assert first[1] == second[0] == wide[0] != third[0]
    assert first[0] == third[1] != first[1]
    assert kept.schema.field("pii_hashes").name in Pii.private
    assert Hashes(b"a").of("phone", "1") != Hashes(b"b").of("phone", "1") != Hashes(b"b").of("ip", "1")
    assert normalized("ip", "1.23.4.5") != normalized("ip", "12.3.4.5")
    assert normalized("person", "Ｌi  Na") == normalized("person", "li na")
    assert normalized("card", "4111-1111 1111") == "411111111111"


def test_a_mask_keeps_what_separates():
    assert masked("+86 (0)10-６２３４, é नि王。") == "+** (*)**-****, * ***。"


def dropped_for(texts: list[str], **options) -> list[list[str]]:
    outcome = run_stage(Pii(min_score=0.4, **options), documents(texts))
    failed = dict(
        zip(outcome.dropped.column("uid").to_pylist(), outcome.dropped.column("failed").to_pylist(), strict=True)
    )
    return [failed.get(f"{row:032x}", []) for row in range(len(texts))]


def test_documents_with_too_many_findings_drop(toys):
    texts = ["1234567 或 1234567", "1234567 and mr. SMITH", "1234567" + " long" * 500, ""]
    assert dropped_for(texts) == [[], [], [], []]
    assert dropped_for(texts, max_findings={"phone": 1}) == [["too_many_phone"], [], [], []]
    both = {"all": 1, "person": 0}
    assert dropped_for(texts, max_findings=both) == [
        ["too_many_findings"],
        ["too_many_findings", "too_many_person"],
        [],
        [],
    ]
    assert dropped_for(texts, max_per_1000_chars=1.0) == [["too_dense_findings"], ["too_dense_findings"], [], []]
    limits = Pii(max_findings={"all": 1, "ip": 2}, max_per_1000_chars=0.5).limits()
    assert [(limit.reason, limit.value) for limit in limits] == [
        ("too_many_findings", 1),
        ("too_many_ip", 2),
        ("too_dense_findings", 0.5),
    ]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"regions": ("China",)}, "'regions' has no country 'China'"),
        ({"entities": ("mail",)}, "'entities' has no choice 'mail'"),
        ({"entities": ()}, "finds nothing with no entities"),
        ({"key_variable": "A=B"}, "'key_variable' names no variable"),
        ({"action": "hide"}, "'action' has no choice 'hide'"),
        ({"actions": {"mail": "tag"}}, "'actions' has no entity 'mail'"),
        ({"actions": {"email": "hide"}}, "'actions' has no choice 'hide'"),
        ({"entities": ("ip",), "actions": {"email": "mask"}}, "'actions' has no entity 'email'"),
        ({"min_scores": {"emial": 0.3}}, "did you mean 'email'"),
        ({"min_scores": {"email": 1.3}}, "'min_scores' must be at most 1"),
        ({"max_findings": {"everything": 3}}, "'max_findings' has no entity 'everything'"),
        ({"max_findings": {"all": -1}}, "'max_findings' must be at least 0"),
    ],
)
def test_wrong_options(options, message):
    with pytest.raises(OptionError, match=message):
        Pii(**options)


def test_what_is_not_looked_for_costs_nothing():
    def never(*_):
        raise AssertionError("this entity was not asked for")

    rules = (Rule("ip", marks.DIGITS, never), Rule("iban", marks.WORDS, never, ("iban",)), TOYS[0])
    scanner = Scanner(rules, Settings(), {"person": 0.0})
    data = np.frombuffer(b"1234567 iban mr. X", np.uint8)
    assert list(scanner.places(data, np.array([0, len(data)]))) == [(0, [[13, 16, 1]])]
    assert scrub("a@b.co 13800138000 王先生", entities=("ssn",)) == "a@b.co 13800138000 王先生"


def test_rules_with_words_are_no_more_than_a_mark_has_bits():
    words = [Rule("person", marks.STARTS, find_name, (f"word{number} ",)) for number in range(63)]
    text = b"xx word62 A"
    scanner = Scanner(words, Settings(), {"person": 0.0})
    ((_, places),) = scanner.places(np.frombuffer(text, np.uint8), np.array([0, len(text)]))
    assert [one.rule for one in scanner.find(text, places)] == ["titled"]
    with pytest.raises(AssertionError, match="64 rules with words"):
        Scanner([*words, TOYS[0]], Settings(), {"person": 0.0})
    assert sum(rule.mark in marks.WORDED for rule in RULES) <= 60


spans = st.builds(
    lambda start, size, score, entity: Finding(start, start + size, score, "rule", entity),
    st.integers(0, 30), st.integers(1, 9), st.sampled_from([0.4, 0.5, 0.9]), st.sampled_from(["ip", "phone"]),
)  # fmt: skip


@given(st.lists(spans, max_size=25))
def test_of_findings_that_overlap_the_surest_stays(found):
    taken: list[Finding] = []
    for one in sorted(set(found), key=lambda one: (-one.score, one.start - one.stop, one.start, one.entity)):
        if all(one.stop <= other.start or other.stop <= one.start for other in taken):
            taken.append(one)
    assert resolved(found) == sorted(taken)


def test_many_findings_are_resolved_in_bounded_time():
    row = [Finding(place, place + 15, 0.5 + place % 7 / 20, "rule", "ip") for place in range(0, 1_000_000, 10)]
    assert 30_000 < len(resolved(row)) < len(row)


# All rules

pieces = st.sampled_from(
    ["a@b.co", "x.y@中文.cn", "52.23.22.193", "+1 602-275-6300", "13800138000", "4111 1111 1111 1111", "2001:4860:4860::8888",
     " ", "", ".", "-", "@", ":", "+", "(", "电话", "，", "１３", "9", "00", "f::", "tel ", "\n", "é", "=", "\"", "'", "//",
     "02079460958", "020 7946 0958", "(415) 555-2671", "v", "/", "=", ",", "<PHONE>", "<IP>", "k.build", "Mr. ", "Smith",
     "王小明", "先生", "姓名：", "北京市海淀区", "中关村大街", "27号", "DE89 3704 0044 0532 0130 00", "11010519491231002X",
     "passport ", "护照号", "京A", "12345", "AKIA", "ghp_", "0x", "-----BEGIN PRIVATE KEY-----", "https://u:p", "lat: 40.71280, ",
     "lon: -74.00600", "00:1A:2B:3C:4D:5E", "SSN ", "Dear ", "api_key", "0123456789abcdefABCDEF", "MAC "]
)  # fmt: skip
mixed = st.lists(st.lists(pieces, max_size=14).map("".join), max_size=4)


def by_definition(text: str, rules: tuple[Rule, ...] = RULES) -> list[tuple[int, int, str, str]]:
    data = text.encode()
    found = resolved(one for rule in rules for one in find_all(data, rule, Settings()))
    return [(one.start, one.stop, one.entity, one.rule) for one in found]


@given(mixed | text_lists)
def test_the_stage_finds_what_every_rule_finds_in_the_full_text(texts):
    kept = run_stage(Pii(**SURE), documents(texts)).kept
    for text, found in zip(texts, kept.column("pii_findings").to_pylist(), strict=True):
        assert [(one["start"], one["stop"], one["entity"], one["rule"]) for one in found] == by_definition(text)
        for one in found:
            assert text.encode()[one["start"] : one["stop"]].decode()


@given(mixed)
@settings(max_examples=30)
def test_a_tag_is_no_finding(texts):
    once = run_stage(Pii(), documents(texts)).kept.column("text").to_pylist()
    for text in once:
        for start, stop, *_ in by_definition(text):
            assert not re.fullmatch("<[A-Z_]+>", text.encode()[start:stop].decode())


def test_a_rule_by_its_definition_is_what_helpers_of_tests_find():
    assert personal.found("mail a@b.co, 邮箱：c@d.cn", RULES) == [("email", "a@b.co"), ("email", "c@d.cn")]


@pytest.mark.parametrize(
    "piece",
    ["@", "a@", "a@a.", "a@b.co ", "1", "1.", "0123456789 ", "+1 ", ":", "a:", "1-", "（", "１", "a.b-c_d%e", "(", "f::", "1:2:3:4 ",
     "52.23.22.193 x", "13800138000，", "电话 010-67028866\n", "4111 1111 1111 1111, ", "Mr. ", "Mr. Smith ", "先生", "王先生", "姓名：",
     "北京市", "路", "号", "passport ", "护照", "京A", "AKIA", "ghp_", "-----BEGIN PRIVATE KEY-----", "-----BEGIN ", "eyJ", "eyJ.", "0x",
     "a1", "https://a:", "lat: 1.0000, ", "AB12 ", "api_key=", "token: ", "00-", "Dear ", "dot ", " at "]
)  # fmt: skip
def test_hostile_text_is_done_with(piece):
    text = piece * (250_000 // len(piece))
    assert scrub(text, action="mask").count("\n") == text.count("\n")


@pytest.mark.corpora
@pytest.mark.skipif(not CORPORA.exists(), reason=f"there are no corpora at {CORPORA}")
@pytest.mark.parametrize("name", ["en/gov_blog_web", "zh/tech_articles_lctt", "code/repos", "en/web_and_news"])
def test_the_stage_finds_in_real_text_what_every_rule_finds(name):
    with zstandard.open(CORPORA / f"{name}.jsonl.zst", "rt", encoding="utf-8") as file:
        texts = [json.loads(line)["text"] for line in file]
    texts = texts[:: max(1, len(texts) // 100)]
    found = run_stage(Pii(**SURE), documents(texts)).kept.column("pii_findings").to_pylist()
    expected = [by_definition(text) for text in texts]
    assert [[(one["start"], one["stop"], one["entity"], one["rule"]) for one in row] for row in found] == expected
    assert any(expected)


def planted(chance: random.Random) -> tuple[str, list[str]]:
    """A text with one number or address of each kind that both tools know, and those."""
    octets = ".".join(str(chance.randrange(30, 99)) for _ in range(4))
    card = "4" + "".join(chance.choices("0123456789", k=14))
    card += next(digit for digit in "0123456789" if luhn(card + digit))
    name = "".join(chance.choices("abcdefgh", k=6))
    phone = f"+1 415-{chance.randrange(200, 999)}-{chance.randrange(1000, 9999)}"
    found = [f"{name}@{name[::-1]}.org", octets, card, phone]
    return f"Write to {found[0]} at {found[1]}. Paid with {found[2]}. 联系我：{found[3]}。", found


def test_what_presidio_finds_is_gone(monkeypatch):
    def refused(*_, **__):
        raise AssertionError("something went to the network")

    monkeypatch.setattr(socket.socket, "connect", refused)
    monkeypatch.setattr(socket, "getaddrinfo", refused)
    import tldextract
    from presidio_analyzer.predefined_recognizers import (
        CreditCardRecognizer,
        EmailRecognizer,
        IpRecognizer,
        PhoneRecognizer,
    )

    monkeypatch.setattr(tldextract, "extract", tldextract.TLDExtract(cache_dir=None, suffix_list_urls=()))
    recognizers = [EmailRecognizer(), IpRecognizer(), CreditCardRecognizer(), PhoneRecognizer()]
    chance = random.Random(8)
    for _ in range(40):
        text, secrets = planted(chance)
        hits = [
            hit for one in recognizers for hit in one.analyze(text, one.supported_entities, None) if hit.score >= 0.4
        ]
        assert {text[hit.start : hit.end] for hit in hits} >= set(secrets[:3])
        clean = scrub(text)
        assert not any(secret in clean for secret in secrets)
        assert [clean.count(tag) for tag in ("<EMAIL>", "<IP>", "<CARD>", "<PHONE>")] == [1, 1, 1, 1]


STAFF = {
    "name": "staff",
    "supported_entity": "STAFF_NUMBER",
    "patterns": [{"name": "n", "regex": "工号[A-Z]{2}", "score": 0.6}],
}


def test_recognizers_of_the_recipe_join_the_rules(toys):
    stage = Pii(recognizers=(STAFF,), min_score=0.4, action="mask", actions={"staff_number": "tag"})
    texts = ["mr. SMITH 的工号AB。", "工号CD", "no number", ""]
    kept = run_stage(stage, documents(texts), resource=stage.open()).kept
    assert kept.column("text").to_pylist() == ["mr. ***** 的<STAFF_NUMBER>。", "<STAFF_NUMBER>", "no number", ""]
    assert kept.column("pii_n_staff_number").to_pylist() == [1, 1, 0, 0]
    assert kept.column("pii_findings")[0].as_py()[1]["rule"] == "staff"
    assert Pii(recognizers=(STAFF,), min_scores={"staff_number": 0.7}).adds() == stage.adds()
    assert scrub(texts[1], recognizers=(STAFF,), min_scores={"staff_number": 0.7}) == texts[1]
    assert stage.identity() != Pii().identity()
    with pytest.raises(OptionError, match="may not name an entity 'findings'"):
        Pii(recognizers=({**STAFF, "supported_entity": "FINDINGS"},))
    with pytest.raises(OptionError, match="'location' only by 'ner'"):
        Pii(entities=("email", "location"))


def test_recognizers_of_a_language_look_at_documents_of_it(toys):
    german = {**STAFF, "supported_languages": ["de"]}
    batch = documents(["工号AB"] * 3, languages=["de", "zh", "und"])
    kept = run_stage(Pii(recognizers=(german,)), batch).kept
    assert kept.column("text").to_pylist() == ["<STAFF_NUMBER>", "工号AB", "<STAFF_NUMBER>"]
