"""Postal addresses in Chinese, Japanese and Korean: where they begin and end, how sure they are; and numbers of other things."""

from __future__ import annotations

import pytest
from faker import Faker
from personal import found

from stages.recognizers.addresses_chinese import RULES


def addresses(text: str, min_score: float = 0.5) -> list[str]:
    return [value for _, value in found(text, RULES, min_score)]


@pytest.mark.parametrize(
    "value",
    [
        "广东省深圳市南山区科技园路12号",
        "上海市浦东新区世纪大道100号创新大厦3栋502室",
        "北京市海淀区中关村大街27号院3号楼2单元501",
        "河北省保定市清苑区张村12号",
        "杭州市西湖区文三路478号华星时代广场A座12层",
        "臺北市信義區市府路1號",
        "110 臺北市信義區市府路１號5樓之2",
        "新疆维吾尔自治区乌鲁木齐市天山区解放南路８８号",
        "重庆市渝中区民权路二十八号",
        "香港九龍尖沙咀彌敦道63號",
        "湖南省梅县南湖辽阳路t座 910924",
        "浙江省杭州市滨江区江南大道164号滨江一号9栋1单元1102室",
        "绵阳市涪城区临园路东段72号碧桂园12号楼3单元501室",
        "阳朔县城关镇西街12号",
        "成都市武侯区天府大道北段1480号示例大厦西楼903",
        "义乌市稠州北路699号",
        "和平区太原街12号",
        "〒160-0023 東京都新宿区西新宿2丁目8番1号",
        "서울특별시 강남구 테헤란로 152",
    ],
)
def test_addresses_in_full(value):
    for text in (
        value,
        f"他住在{value}，",
        f"公司位于{value}。",
        f"收货地址：{value}\n电话：1",
        f"I live at {value}, you know",
    ):
        assert addresses(text) == [value]


def test_an_address_begins_at_its_first_level():
    assert addresses("我在广东省深圳市南山区科技园路12号工作") == ["广东省深圳市南山区科技园路12号"]
    assert addresses("哈尔滨警察厅旧址位於哈尔滨市南岗区一曼街241号。") == ["哈尔滨市南岗区一曼街241号"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("我家义乌市稠州北路699号", ["义乌市稠州北路699号"]),
        ("盱眙县人民政府驻盱城镇十里营大街86号", ["盱城镇十里营大街86号"]),
        ("上海市静安区陕西北路173号的一处高层公寓", ["上海市静安区陕西北路173号"]),
        ("途经建国路12号时，他拐进青年路7号", ["建国路12号", "青年路7号"]),
        ("中廣花蓮台遷往花蓮市富安路108號2樓（", ["花蓮市富安路108號2樓"]),
        ("台北縣三重市又遷往台北市中正路1826號，", ["台北市中正路1826號"]),
        ("上海市徐匯區漕溪北路595號的上海電影集團大樓一樓", ["上海市徐匯區漕溪北路595號"]),
        ("춘천중학교는 강원도 춘천시 중앙로3가에 있는", []),
        ("格林威治街175号和颐和园路5号", ["格林威治街175号", "颐和园路5号"]),
    ],
)
def test_no_sentence_goes_on_into_an_address(text, expected):
    assert addresses(text, 0.4) == expected


def test_how_sure_it_is():
    text = "朝阳区建国路88号"
    assert addresses(f"在{text}", 0.5) == [text] and addresses(f"在{text}", 0.6) == []
    assert addresses("位于建国路88号，", 0.5) == ["建国路88号"] and addresses("管理唐宁街10号") == []
    assert addresses("人民路120号万科城市花园3期12幢2单元301", 0.6) == ["人民路120号万科城市花园3期12幢2单元301"]
    assert addresses(f"住址：{text}", 0.9) == [text]
    assert addresses("去建国路八十八号看看", 0.4) == ["建国路八十八号"]
    assert addresses("籍贯：湖南省长沙市岳麓区") == ["湖南省长沙市岳麓区"]


@pytest.mark.parametrize(
    "text",
    [
        "第3号文件，国发〔2010〕3号，1号线，京沪高速公路3号出口，铁路12号桥，縣道118號路口",
        "第三条 本条例，第12号令，道路1号，这条路1号线，一路12号，街道3号码",
        "他走了五里路，12号出发。公里12号，知道3号来，地址：见附件，地址：http://x.test/",
        "2丁目のカフェ、住所：未定 서울 3호",
        "<ADDRESS>路12号",
        "",
    ],
)
def test_what_only_looks_like_an_address(text):
    assert addresses(text) == []


@pytest.mark.parametrize(("locale", "least"), [("zh_CN", 97), ("zh_TW", 85), ("ja_JP", 97), ("ko_KR", 97)])
def test_almost_all_addresses_of_faker_are_found_whole(locale, least):
    fake = Faker(locale)
    fake.seed_instance(8)
    values = [fake.address() for _ in range(100)]
    assert sum(addresses(f"收货地址：{value}，电话") == [value] for value in values) >= least
