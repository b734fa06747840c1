"""Surrogates: of the same shape as a value, right by form, the same for the same value, and never the value."""

from __future__ import annotations

import ipaddress
import re
import unicodedata

import phonenumbers
import pytest
from faker import Faker
from hypothesis import example, given, settings
from hypothesis import strategies as st
from stdnum import iban, luhn
from stdnum.cn import ric
from stdnum.us import itin, ssn
from strategies import texts

from stages.recognizers import surrogate_words as words
from stages.recognizers.identity import find_islander
from stages.recognizers.rule import Settings
from stages.recognizers.rules import ENTITIES
from stages.recognizers.secrets import HOOKS, STARTS
from stages.recognizers.surrogate_numbers import DOCUMENTED, check_character, luhn_digit
from stages.recognizers.surrogate_shape import Draws, alike
from stages.recognizers.surrogate_values import normalized, plain
from stages.recognizers.surrogates import MAKERS, Surrogates

KEY = b"a key of sixteen"
of = Surrogates(KEY).of


def shape(text: str) -> str:
    """Digits as 9, capitals as A, small letters as a, and the rest as it is."""
    classes = {"Nd": "9", "Lu": "A", "Ll": "a"}
    return "".join(classes.get(unicodedata.category(one), "好" if "\u4e00" <= one <= "\u9fff" else one) for one in text)


def values(entity: str, n: int = 60) -> list[str]:
    """Made-up values of an entity."""
    made = Faker(["en_US", "de_DE", "zh_CN", "fr_FR"], use_weighting=False)
    made.seed_instance(len(entity))
    us, cn, gb = (made[name] for name in ("en_US", "zh_CN", "de_DE"))
    makers = {
        "email": made.email,
        "phone": made.phone_number,
        "ip": lambda: made.random_element([us.ipv4_public(), us.ipv6()]),
        "mac": us.mac_address,
        "url_credentials": lambda: f"{us.user_name()}:{us.password(special_chars=False)}",
        "coordinates": lambda: f"{us.latitude()}, {us.longitude()}",
        "card": lambda: us.credit_card_number(),
        "iban": lambda: made.random_element([gb.iban(), made["fr_FR"].iban()]),
        "ssn": us.ssn,
        "resident_id": cn.ssn,
        "passport": us.passport_number,
        "licence_plate": made.license_plate,
        "api_key": lambda: "ghp_" + us.pystr(36, 36),
        "private_key": lambda: f"-----BEGIN PRIVATE KEY-----\n{us.pystr(64, 64)}\n-----END PRIVATE KEY-----",
        "wallet": lambda: "0x" + us.sha1(),
        "badge": lambda: us.bothify("????????-########"),
        "person": made.name,
        "address": lambda: made.address().replace("\n", ", "),
    }
    return [makers[entity]() for _ in range(n)]


def test_every_entity_has_surrogates():
    assert set(MAKERS) | {"person"} == set(ENTITIES)


@pytest.mark.parametrize("entity", ENTITIES)
def test_surrogates_are_others_and_always_the_same(entity):
    given_ = values(entity)
    fakes = [of(entity, value) for value in given_]
    assert fakes == [Surrogates(KEY).of(entity, value) for value in given_]
    assert not any(plain(fake) == plain(value) for fake, value in zip(fakes, given_, strict=True))
    others = [Surrogates(b"some other key ...").of(entity, value) for value in given_]
    assert sum(a == b for a, b in zip(fakes, others, strict=True)) < len(fakes) / 5
    assert len(set(fakes)) > len(set(given_)) / 2
    for fake, value in zip(fakes, given_, strict=True):
        assert len(fake) <= 4 * len(value) + 40
        assert fake.isprintable() or "\n" in value


@pytest.mark.parametrize(
    ("entity", "alike_"),
    [
        (
            "card",
            ["4111 1111 1111 1111", "4111-1111-1111-1111", "4111111111111111", "４１１１１１１１１１１１１１１１"],
        ),
        ("iban", ["DE89 3704 0044 0532 0130 00", "DE89370400440532013000", "de89370400440532013000"]),
        (
            "phone",
            ["138 0013 8000", "13800138000", "１３８-００１３-８０００", "+86 138 0013 8000", "0086-13800138000"],
        ),
        ("phone", ["(415) 555-2671", "415.555.2671", "+1 415 555 2671", "1-415-555-2671"]),
        ("email", ["jane.roe@acme.test", "Jane.Roe@ACME.test", "jane.roe [at] acme [dot] test", "jane.roe＠acme.test"]),
        ("resident_id", ["11010519491231002X", "11010519491231002x", "１１０１０５１９４９１２３１００２Ｘ"]),
        ("licence_plate", ["京A·12345", "京A12345", "京A 12345"]),
    ],
)
def test_how_a_value_is_written_makes_no_difference(entity, alike_):
    assert len({normalized(entity, of(entity, value)) for value in alike_}) == 1


@pytest.mark.parametrize(
    ("entity", "value"),
    [
        ("card", "4111-1111 1111-1111"), ("card", "６２２２ ０２１２ ３４５６ ７８９０ １２３"), ("phone", "（０１０） 6552-9988"),
        ("phone", "+49 (30) 2312-5009"), ("ssn", "123-45-6789"), ("ssn", "１２３ ４５ ６７８９"), ("mac", "3c:22:fb:11:22:33"),
        ("coordinates", "北纬39°54′20″，东经116°23′05″"), ("passport", "E1234 5678"), ("licence_plate", "粤B·D1234警"),
        ("badge", "AB-12 ü 你好 ИП नमस्ते"), ("passport", "９８７６５４３"), ("api_key", "sk_live_Abc123Def"),
    ],
)  # fmt: skip
def test_the_shape_is_kept(entity, value):
    fake = of(entity, value)
    if entity == "mac":
        assert re.fullmatch("[0-9a-f]{2}(:[0-9a-f]{2}){5}", fake)
    else:
        assert re.sub("[\u0900-\u097f]", "न", shape(fake)) == re.sub("[\u0900-\u097f]", "न", shape(value))


def test_mail_goes_to_nobody():
    for value in [*values("email"), "张三@例子.中国", "a@b.c", "x+y@sub.domain.example.co.uk"]:
        user, at, domain = of("email", value).rpartition("@")
        assert user and at and domain in ("example.com", "example.net", "example.org")
        assert len(user) == len(value.rpartition("@")[0])
    for value in ("jane&#64;acme.com", "jane#acme.com", "jane <at> acme <dot> com"):
        assert re.fullmatch(r".*example( <dot> |\.)(com|net|org)", of("email", value))
    assert of("email", "joe at acme dot com").endswith(
        ("at example dot com", "at example dot net", "at example dot org")
    )
    assert re.fullmatch(r"[A-Z][a-z]{3}\.[A-Z]{3}[0-9]{2}", of("email", "Jane.ROE42@a.test").partition("@")[0])


REGIONS = ("US", "GB", "FR", "DE", "CN", "JP", "IN", "BR", "KR")


@pytest.mark.parametrize("region", REGIONS)
def test_telephone_numbers_keep_country_and_area(region):
    number = phonenumbers.example_number(region)
    for form in (phonenumbers.PhoneNumberFormat.INTERNATIONAL, phonenumbers.PhoneNumberFormat.E164):
        value = phonenumbers.format_number(number, form)
        fake = phonenumbers.parse(of("phone", value))
        assert fake.country_code == number.country_code
        assert phonenumbers.is_possible_number(fake)
        assert shape(of("phone", value)) == shape(value)


@pytest.mark.parametrize(
    ("value", "form"),
    [
        ("+1 201-867-5309", r"\+1 201-555-01\d\d"), ("(201) 867-5309", r"\(201\) 555-01\d\d"),
        ("+44 20 7123 4567", r"\+44 20 7946 0\d\d\d"), ("+44 7400 123456", r"\+44 7700 900\d\d\d"),
        ("+44 (0)121 234 5678 ext. 12", r"\+44 \(0\)121 496 0\d\d\d ext. \d\d"), ("+44 1534 123456", r"\+44 1632 960\d\d\d"),
        ("+33 6 12 34 56 78", r"\+33 6 39 98 \d\d \d\d"), ("+33 1 23 45 67 89", r"\+33 1 99 00 \d\d \d\d"), ("0755-26001234转8001", r"0755-[2-8]\d{7}转\d{4}"),
        ("138-0013-8000", r"138-\d{4}-\d{4}"), ("1-800-FLOWERS", r"\d-\d{3}-[A-Z]{7}"),
    ],
)  # fmt: skip
def test_numbers_for_fiction(value, form):
    assert re.fullmatch(form, of("phone", value))


def test_addresses_of_the_net_are_kept_for_documentation():
    nets = [ipaddress.ip_network(net + "0/24") for net in DOCUMENTED]
    for value in [
        *values("ip"),
        "2a00:1450::",
        "::1",
        "2001:db8:1:2:3:4:5:6",
        "2a00::2:3:4:5:6:7",
        "2a00:1450:4001:81b::8.8.4.4",
    ]:
        fake = ipaddress.ip_address(of("ip", value))
        assert fake in ipaddress.ip_network("2001:db8::/32") if fake.version == 6 else any(fake in net for net in nets)
        assert fake.version == ipaddress.ip_address(value).version
    assert re.fullmatch(r"[0-9.]+:8080", of("ip", "8.8.8.8:8080"))
    assert re.fullmatch(r"\[2001:db8::[0-9a-f:]+\]:443", of("ip", "[2a00:1450::5:6]:443"))
    assert of("ip", "2A00:1450:4001::200E").isupper()


def test_hardware_addresses_are_of_local_administration():
    for value in [*values("mac"), "3C-22-FB-11-22-33", "3c22.fb11.2233"]:
        first = int(plain(of("mac", value))[:2], 16)
        assert first & 3 == 2


def test_checksums_hold():
    for value in values("card"):
        fake = of("card", value)
        assert luhn.is_valid(fake) and fake[:4] == value[:4] and len(fake) == len(value)
    for value in values("iban"):
        fake = of("iban", value)
        assert iban.is_valid(fake, check_country=False) and fake[:2] == value[:2] and len(fake) == len(value)
    for value in values("resident_id"):
        fake = of("resident_id", value)
        assert fake[:2] == value[:2] and len(fake) == 18
        assert ric.is_valid(fake) or value[:2] in ("46", "50")  # their first districts are of 1990 and 1997
    old = of("resident_id", "110105491231002")
    assert len(old) == 15 and ric.is_valid(f"{old[:6]}19{old[6:]}{check_character(f'{old[:6]}19{old[6:]}')}")


@pytest.mark.parametrize("value", ["A123456(3)", "WX1234561", "Z683365(0)", "A123456789", "B800000014", "O100000004"])
def test_check_digits_of_islanders_hold(value):
    """As the rule that finds them has them."""
    fake = of("resident_id", value)
    assert shape(fake) == shape(value) and fake.rstrip("()0123456789") == value.rstrip("()0123456789")
    text = f"ID card {fake}".encode()
    first = text.index(fake.encode()) + len(fake) - len(fake.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
    found = [*find_islander(text, first, len(text), Settings((), False))]
    assert bool(found) == ("(" in fake or len(fake) == 10)


@given(st.text("0123456789", min_size=1, max_size=30))
def test_check_digits_are_those_of_a_library(digits):
    assert luhn_digit(digits) == luhn.calc_check_digit(digits)
    padded = digits.zfill(17)[:17]
    assert check_character(padded) == ric.calc_check_digit(padded + "0")


def test_social_security_numbers_are_nobodys():
    for value in [*values("ssn"), "123456789", "123 45 6789"]:
        fake = of("ssn", value)
        assert not ssn.is_valid(fake) and not itin.is_valid(fake)
        assert plain(fake)[0] == "9"


def test_secrets_keep_what_tells_their_kind():
    key = "-----BEGIN RSA PRIVATE KEY-----\nComment: jane\n\nMIIE/abc+DEF\nxyz012==\n-----END RSA PRIVATE KEY-----"
    assert re.fullmatch(
        r"-----BEGIN RSA PRIVATE KEY-----\nComment: [\w+/]{4}\n\n[\w+/]{12}\n[\w+/]{6}==\n-----END RSA PRIVATE KEY-----",
        of("private_key", key),
    )
    in_json = key.replace("\n", "\\n")
    assert of("private_key", in_json).count("\\n") == 5 and "jane" not in of("private_key", in_json)
    assert re.fullmatch("AKIA[A-Z2-7]{16}", of("api_key", "AKIA2222ABCDEFGHIJKL"))
    assert re.fullmatch("[0-9a-f]{32}", of("api_key", "0123456789abcdef0123456789abcdef"))
    header, payload, signature = of("api_key", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc_-DEF").split(".")
    assert (
        header == "eyJhbGciOiJIUzI1NiJ9" and payload.startswith("eyJ") and re.fullmatch("[a-z]{3}_-[A-Z]{3}", signature)
    )
    assert re.fullmatch("0x[0-9a-f]{40}", of("wallet", "0x" + "ab" * 20))
    assert re.fullmatch(
        "bc1q[qpzry9x8gf2tvdw0s3jn54khce6mua7l]{38}", of("wallet", "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq")
    )
    assert re.fullmatch("1[1-9A-HJ-NP-Za-km-z]{33}", of("wallet", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"))
    assert re.fullmatch(r"redis://:[a-z]\d%40[a-z]@db\.test/0", of("url_credentials", "redis://:p4%40w@db.test/0"))
    assert "http" not in of("url_credentials", "user:http://x")


@pytest.mark.parametrize("entity", ["email", "person", "address", "api_key", "private_key", "url_credentials", "badge"])
def test_nothing_of_the_value_stays(entity):
    """But what tells its kind, and what stands in a list by chance."""
    for value in values(entity, 200):
        kept = {"private", "begin", "example", *map(str.lower, words.GIVEN + words.FAMILY + words.PLACES)}
        kept |= words.STREETS | words.UNITS | words.STATES
        before, after = (set(re.findall(r"[^\W_]{5,}", text.lower())) for text in (value, of(entity, value)))
        assert not (before & after) - kept


@pytest.mark.parametrize(
    "prefix", [*STARTS, *(hook + "/" for hook in HOOKS), f"https://{HOOKS[0]}/", "sk-", "sk_test_"]
)
def test_keys_keep_how_their_issuer_begins_them(prefix):
    secrets = ("aB3dE5gH7jK9mN1pQ", "0f" * 16, "T0ABCDEF/B0ABCDEF/aB3dE5gH7jK9mN1pQ")
    for secret in secrets[: 3 if prefix != "eyJ" else 1]:
        fake = of("api_key", prefix + secret)
        assert fake.startswith(prefix) and len(fake) == len(prefix + secret)
        assert not set(fake[len(prefix) :].split("/")) & set(secret.split("/"))


def test_coordinates_stay_in_their_degree():
    for value in values("coordinates"):
        fake = of("coordinates", value)
        before, after = ([float(one) for one in text.split(",")] for text in (value, fake))
        assert [int(one) for one in before] == [int(one) for one in after] and before != after
        assert shape(fake) == shape(value)
    north, east = re.findall(r"(\d+)°(\d+)′(\d+)″", of("coordinates", "北纬39°54′20″ 东经116°23′05″"))
    assert (north[0], east[0]) == ("39", "116") and all(int(one) < 60 for one in (*north[1:], *east[1:]))


def test_a_part_of_a_name_gets_the_same_name_wherever_it_comes():
    full, title, capitals, turned = (of("person", one) for one in ("Jane Roe", "Mrs. Roe", "JANE ROE", "Roe, Jane"))
    first, family = full.split()
    assert first in words.GIVEN and family in words.FAMILY
    assert title == f"Mrs. {family}" and capitals == full.upper() and turned == f"{family}, {first}"
    assert of("person", "Nina") in words.GIVEN and of("person", "Vogt") in words.FAMILY
    assert of("person", "王") == of("person", "王小明")[0] != "王"
    assert len(of("person", "欧阳娜娜")) == 4 and of("person", "欧阳娜娜")[:2] in words.CHINESE_FAMILY_OF_TWO
    assert re.fullmatch(r"\w+-\w+ van der \w+", of("person", "Anna-Lena van der Meer"))
    assert re.fullmatch(r"[A-Z]\. [A-Z]\. \w+", of("person", "J. R. Roe"))
    assert re.fullmatch("[А-Я][а-я]{3} [А-Я][а-я]{5}", of("person", "Иван Петров"))
    assert re.fullmatch("[가-힣]{3}", of("person", "김철수"))


def test_addresses_keep_what_is_no_name():
    fake = of("address", "1600 Amphitheatre Parkway, Apt 4B, Springfield, IL 62704")
    assert re.fullmatch(r"[1-9]\d{3} [A-Z][a-z]+ Parkway, Apt \d[A-Z], [A-Z][a-z]+, IL [1-9]\d{4}", fake)
    assert "Amphitheatre" not in fake and "Springfield" not in fake
    assert of("address", "12 Ohio Street, Columbus, Ohio").endswith(", Ohio") and "Ohio Street" not in of("address", "12 Ohio Street, Columbus, Ohio")  # fmt: skip
    assert re.fullmatch(r"[A-Z][a-z]+straße \d\d, \d{5} [A-Z][a-z]+", of("address", "Hauptstraße 12, 10115 Berlin"))
    in_chinese = of("address", "广东省深圳市荔枝区科技园路１２号三栋")
    assert re.fullmatch(r"广东省深圳市[^荔][^枝]区[^科][^技][^园]路[１-９][０-９]号[一二三四五六七八九]栋", in_chinese)
    assert re.fullmatch(
        r"北海道札幌市.{2}區.{4}[1-9]条[1-9]丁目[1-9]", of("address", "北海道札幌市厚別區厚別白石2条5丁目6")
    )
    assert re.fullmatch(r"臺北市.{2}區.{2}路\d號", of("address", "臺北市信義區市府路1號"))


HOSTILE = [
    "@",
    " @ ",
    "1",
    "-",
    "www.",
    "a at b dot ",
    "-----BEGIN ",
    "中",
    "１",
    "ß",
    "%4",
    "°",
    "省市",
    "😀",
    "\u0301",
    "x: ",
]


@pytest.mark.parametrize("piece", HOSTILE)
def test_long_values_take_time_in_proportion(piece):
    """So that this ends at all: each entity on hostile values below and above the length of its form."""
    for n_chars, entities in ((900, ENTITIES), (19_000, ("private_key", "api_key", "card")), (250_000, ("email",))):
        value = (piece * (n_chars // len(piece) + 1))[:n_chars]
        for entity in entities:
            fake = of(entity, value)
            assert fake != value and len(fake) <= 4 * len(value) + 40


@settings(max_examples=150)
@given(st.sampled_from([*ENTITIES, "badge"]), texts | st.text("0123456789 -+@.:/X王京", min_size=1, max_size=40))
@example("licence_plate", "京A")
@example("ip", "::")
@example("iban", "DE89")
@example("phone", "+999 12")
@example("phone", "+")
@example("coordinates", "40, -74")
def test_any_text_has_a_surrogate(entity, value):
    fake = of(entity, value)
    assert fake and fake != value
    assert fake == of(entity, value)
    assert len(fake) <= 4 * len(value) + 40
    fake.encode()


@given(texts)
def test_by_class_every_character_stays_what_it_is(value):
    fake = alike(value, Draws(b"seed"))
    kinds = {"Nd", "Lu", "Ll", "Lo", "Lt", "Nl", "No"}
    assert len(fake) == len(value)
    for old, new in zip(value, fake, strict=True):
        assert unicodedata.category(old) == unicodedata.category(new)
        assert old == new or unicodedata.category(old) in kinds | {"Lm", "Mc", "Mn"}


def test_draws_are_even_and_never_end():
    draws = Draws(b"seed")
    counts = [0] * 10
    for _ in range(20_000):
        counts[draws.below(10)] += 1
    assert max(abs(n - 2000) for n in counts) < 250
    assert Draws(b"seed").some("ab", 50) != Draws(b"seeds").some("ab", 50)


def test_the_key_is_shown_nowhere():
    made = Surrogates(KEY)
    assert KEY.decode() not in f"{made!r} {made}"
    with pytest.raises(AssertionError):
        Surrogates(b"")
