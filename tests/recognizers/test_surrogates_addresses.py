"""Surrogates of addresses and people: nothing stays but words that tell the kind, and regions."""

from __future__ import annotations

import re

import pytest
from faker import Faker

from stages.recognizers import surrogate_words as words
from stages.recognizers.surrogate_addresses import NAMED, NUMBERED
from stages.recognizers.surrogates import Surrogates

of = Surrogates(b"a key of sixteen").of
TOKEN = re.compile(r"[^\W_]+")
KINDS = words.STREETS | words.UNITS | words.ALWAYS | words.PARTICLES


def stays(entity: str, value: str) -> list[str]:
    """Words that stay where they were, in small letters."""
    pairs = zip(TOKEN.findall(value), TOKEN.findall(of(entity, value)), strict=True)
    return [before.lower() for before, after in pairs if before == after and not before[0].isdecimal()]


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("Flat 3, 12 Washington Road, Leeds", ["flat", "road"]), ("Suite 4, 15 Virginia Avenue", ["suite", "avenue"]),
        ("5 Court Square, York", ["square"]), ("100 East North Street", ["street"]), ("15 Avenue Road", ["road"]),
        ("12 Canada Road, Leeds, Canada", ["road", "canada"]), ("12 Ohio Street, Columbus, Ohio", ["street", "ohio"]),
        ("12 Elm St, Albany, New York 12207, USA", ["st", "new", "york", "usa"]), ("3 Rue Washington, Paris", ["rue"]),
        ("3 State St Apt 5, Boston MA 02110", ["st", "apt", "ma"]), ("P.O. Box 12, Reno NV 89501", ["p", "o", "box", "nv"]),
        ("12 rue de la Paix, 75002 Paris", ["rue", "de", "la"]), ("Lange Straße 5, 10115 Berlin", ["straße"]),
        ("12 EL CAMINO, XY", []), ("1 Building Street, Georgia", ["street"]), ("Unter den Linden 5", ["den"]),
    ],
)  # fmt: skip
def test_only_the_kind_and_the_region_stay(value, kept):
    assert stays("address", value) == kept


@pytest.mark.parametrize(
    ("value", "form"),
    [
        ("上海市黄浦区东门路12号", "上海市[^黄][^浦]区[^东][^门]路[1-9][0-9]号"),
        ("浦东新区西大街5号", "[^浦][^东][^新]区[^西]大街[1-9]号"), ("南大街5号", "[^南]大街[1-9]号"),
        ("苏州市南门里大街8号", "苏州市[^南][^门][^里]大街[1-9]号"), ("朝阳区东市街12号", "[^朝][^阳]区[^东][^市]街[1-9][0-9]号"),
        ("北京路12号", "[^北][^京]路[1-9][0-9]号"), ("广东东路5号", "[^广][^东][^东]路[1-9]号"),
        ("东市街12号", "[^东][^市]街[1-9][0-9]号"), ("北京灯市口大街5号", "[^北][^京][^灯].[^口]大街[1-9]号"),
        ("浙江省义乌市西城路9号3栋二单元501室", "浙江省义乌市[^西][^城]路[1-9]号[1-9]栋[^二]单元[1-9][0-9]{2}室"),
        ("臺北市信義區市府路1號", "臺北市[^信][^義]區[^市][^府]路[1-9]號"), ("五一路A座", "[^五][^一]路[A-Z]座"),
    ],
)  # fmt: skip
def test_of_a_chinese_address_the_kind_and_the_region_stay(value, form):
    assert re.fullmatch(form, of("address", value))


@pytest.mark.parametrize("locale", ["en_US", "en_GB", "en_CA", "de_DE", "fr_FR"])
def test_no_name_in_addresses_stays(locale):
    made = Faker(locale, use_weighting=False)
    made.seed_instance(8)
    for _ in range(150):
        value = made.address().replace("\n", ", ")
        left = " ".join(word for word in stays("address", value) if word not in KINDS)
        assert left in {"", *words.STATES}, value


def test_no_name_in_chinese_addresses_stays():
    made = Faker("zh_CN", use_weighting=False)
    made.seed_instance(8)
    kinds = set(re.sub(r"[\[\]|]", "", NAMED + NUMBERED))
    for _ in range(150):
        value = made.address()
        fake = of("address", value)
        region = re.match("(?:.{2,7}?(?:省|自治区|特别行政区|市))?(?:.{1,4}?市)?", value)
        assert len(fake) == len(value)
        pairs = zip(value[region.end() :], fake[region.end() :], strict=True)
        assert not [a for a, b in pairs if a == b and a not in kinds and a >= "\u4e00"], value
        street = made.street_address()
        name = re.match("(.+?)[路街]", street)[1]
        assert not [a for a, b in zip(name, of("address", street)[: len(name)], strict=True) if a == b], street


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("Jack Lord", []), ("John Lady", []), ("Lord Jack", ["lord"]), ("Dr. Jane Roe, Ph.D.", ["dr", "ph", "d"]),
        ("Mr. Roe Jr.", ["mr", "jr"]), ("Herr Prof. Dr. Meier", ["herr", "prof", "dr"]), ("Prof Dame", ["prof"]),
        ("Jr Smith", []), ("Ms van der Meer", ["ms", "van", "der"]), ("Lady", []), ("Dr Hon", ["dr"]),
    ],
)  # fmt: skip
def test_titles_stay_in_front_alone(value, kept):
    assert stays("person", value) == kept


@pytest.mark.parametrize("locale", ["en_US", "de_DE", "fr_FR", "zh_CN", "zh_TW", "ja_JP"])
def test_no_part_of_a_name_stays(locale):
    made = Faker(locale, use_weighting=False)
    made.seed_instance(8)
    for _ in range(150):
        first, last = made.first_name(), made.last_name()
        for value in (f"{first} {last}", f"{last}, {first}", first, last, f"{last}{first}"):
            assert not set(stays("person", value)) - words.PARTICLES - {"ii", "iii", "iv", "jr"}, value
        if locale.startswith("zh"):
            assert not [a for a, b in zip(last + first, of("person", last + first), strict=True) if a == b]


def test_who_is_named_in_short_gets_the_same_name():
    made = Faker("en_US", use_weighting=False)
    made.seed_instance(9)
    for _ in range(50):
        first, last = made.first_name(), made.last_name()
        fakes = of("person", f"{first} {last}").split()
        assert [of("person", first), of("person", last)] == fakes
        assert of("person", f"{last}, {first}") == f"{fakes[1]}, {fakes[0]}"
        assert of("person", f"Mr. {last}") == f"Mr. {fakes[1]}"
    assert of("person", "王 小明") == f"{of('person', '王')} {of('person', '王小明')[1:]}"
    assert of("person", "小明") == of("person", "王小明")[1:]
