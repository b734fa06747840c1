"""Geographic coordinates: what is found and what is left, in the forms of maps, JSON, prose and Chinese."""

from __future__ import annotations

import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from personal import found
from strategies import texts

from stages.recognizers.coordinates import RULES


def coordinates(text: str, min_score: float = 0.5) -> list[str]:
    return [value for _, value in found(text, RULES, min_score)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("lat: 40.7128, lon: -74.0060", ["40.7128, lon: -74.0060"]),
        ("?latitude=51.50735&longitude=-0.12776", ["51.50735", "-0.12776"]),
        ('{"lat": 40.712812,\n  "lng": -74.006012}', ["40.712812", "-74.006012"]),
        ('"coordinates": [-74.0060, 40.7128]', ["-74.0060, 40.7128"]),
        ("GPS: 40.7128, -74.0060; GPS coordinates of the house are (40.7128, -74.0060).", ["40.7128, -74.0060"] * 2),
        ("GPS 40.7128° N, 74.0060° W or just 40.7128° N, 74.0060° W", ["40.7128° N, 74.0060° W"] * 2),
        ("https://www.acme.org/maps/@40.7128,-74.0060,15z geo:40.7128,-74.0060", ["40.7128,-74.0060"] * 2),
        ("坐标：116.397128,39.916527，经纬度为（116.397128，39.916527）", ["116.397128,39.916527", "116.397128，39.916527"]),
        ("纬度39.9165，经度116.3971；緯度：25.0330，經度：121.5654", ["39.9165，经度116.3971", "25.0330，經度：121.5654"]),
        ("位于北纬39.9165°，东经116.3971°的院子", ["北纬39.9165°，东经116.3971°"]),
        ("北纬39°54′26″，东经116°23′29″", ["北纬39°54′26″，东经116°23′29″"]),
        ("东经116°23′29″、北纬39°54′26″ 北緯25度2分3秒 東經121度33分54秒",
         ["东经116°23′29″、北纬39°54′26″", "北緯25度2分3秒 東經121度33分54秒"]),
        ("40°26′46″N 79°58′56″W and 40°26'46\"N, 79°58'56\"W", ["40°26′46″N 79°58′56″W", "40°26'46\"N, 79°58'56\"W"]),
        ("N 40° 26.767' W 079° 58.933' | N40°26'46.5\" W79°58'56.1\"",
         ["N 40° 26.767' W 079° 58.933'", "N40°26'46.5\" W79°58'56.1\""]),
        ("(GPS) 40.7128, -74.0060 (Koordinaten): 52.5200, 13.4050 GPS (WGS 84): 31.2304, 121.4737",
         ["40.7128, -74.0060", "52.5200, 13.4050", "31.2304, 121.4737"]),
        ("Standort: 52.5200, 13.4050; Breitengrad 52.5200, Längengrad 13.4050",
         ["52.5200, 13.4050", "52.5200, Längengrad 13.4050"]),
        ("latitud de 19.4326 y longitud de -99.1332; COORDENADAS (19.4326, -99.1332); coordonnées : 48.8566 ; 2.3522",
         ["19.4326 y longitud de -99.1332", "19.4326, -99.1332", "48.8566 ; 2.3522"]),
        ("по координатам 55.7558, 37.6173, широта: 55.7558; долгота: 37.6173; 55°45′21″ с. ш. 37°37′02″ в. д.",
         ["55.7558, 37.6173", "55.7558; долгота: 37.6173", "55°45′21″ с. ш. 37°37′02″ в. д."]),
        ("緯度35.6812、経度139.7671です。座標は35.6812, 139.7671です。北緯35度41分22秒 東経139度41分30秒",
         ["35.6812、経度139.7671", "35.6812, 139.7671", "北緯35度41分22秒 東経139度41分30秒"]),
        ("위도는 37.5665, 경도는 126.9780; GPS좌표: 37.5665, 126.9780; 북위37도 33분 59초 동경 126도 58분 40초",
         ["37.5665, 경도는 126.9780", "37.5665, 126.9780", "북위37도 33분 59초 동경 126도 58분 40초"]),
        ("Koordinaten 52,5200, 13,4050; координаты: 55,7558; 37,6173；坐标为（39,9165；116,3971）",
         ["52,5200, 13,4050", "55,7558; 37,6173", "39,9165；116,3971"]),
        ("(lat, lon) 40.7128, -74.0060; Lat., Long.: 40.7128, -74.0060; 52° 31′ 12″ N, 13° 24′ 18″ O",
         ["40.7128, -74.0060", "40.7128, -74.0060", "52° 31′ 12″ N, 13° 24′ 18″ O"]),
        ("พิกัด GPS: 13.7563, 100.5018", ["13.7563, 100.5018"]),
    ],
)  # fmt: skip
def test_what_is_found(text, expected):
    assert coordinates(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "coordinates (0.1234, 0.5678), lat 40.7, lon -74.0, GPS 40.71, -74.00, lat_0=52.1561 lon_0=5.3876",
        "90° 25°C 30°-45°, at 45° N of x, 40°26′46″N only, 40°26′46″N 41°26′46″N, 30°26′46″ and 60°26′46″",
        "x = 3.141592, y = 2.718281; (40.7128, -74.0060); version 1.2345, 6.7890; 40.7128 N, 74.0060 W",
        "经纬度是什么，坐标系 1.0000 个，纬度39.9165，东经116度，北纬38线，GPS 123456",
        "gps: 240.7128, 174.0060 lat: 91.0000, lon: 95.0000 maps 1.23456.789, 2.3456 coords 12.34567 apples",
        "coordinates: [12,34567,45,67890], Standort 1,234, 5,678 location 52,520012,5 und 13,40501,2; maps 12,3456 77,",
        "широта 55.7558, и всё; 25 °С вчера; Standort Berlin 12345, 10115; 좌표계 40.7128; 位置 1.5, 2.5; GPS West 1.2345",
        "latitude 40.7128 and nothing else 坐标：39.9165",
        "",
    ],
)
def test_what_is_left(text):
    assert coordinates(text) == []


@pytest.mark.parametrize(
    "form",
    [
        '<maplink latitude="{}" longitude="{}" zoom="13"/>',
        "<地图 纬度={} 经度={}>",
        "?lat={}&lng={}",
        "lat: {}\nlon: {}",
        "{{'lat': '{}', 'lng': '{}'}}",
    ],
)
def test_what_stands_between_two_numbers_in_markup_is_no_finding(form):
    assert coordinates(form.format("22.32959", "114.20081")) == ["22.32959", "114.20081"]


def test_degrees_and_minutes_are_weak():
    text = "北纬39°54′ 东经116°23′ 59°30′ N, 17°12′ E"
    assert coordinates(text) == []
    assert coordinates(text, 0.4) == ["北纬39°54′ 东经116°23′", "59°30′ N, 17°12′ E"]


def test_lists_of_pairs_are_told_apart():
    chance = random.Random(3)
    pairs = [(f"{chance.uniform(3, 89):.5f}", f"{chance.uniform(3, 179):.5f}") for _ in range(20)]
    for between, form in ((", ", "lat: {}, lon: {}"), ("；", "纬度{}，经度{}")):
        text = between.join(form.format(*pair) for pair in pairs)
        assert [tuple(re.findall(r"[0-9.]+", value)) for value in coordinates(text)] == pairs
    for between, form in (("\n", "lat: {}\nlon: {}"), (", ", '{{"lng": {}, "lat": {}}}'), ("\n", "纬度：{}\n经度：{}")):
        text = between.join(form.format(*pair) for pair in pairs)
        assert coordinates(text) == [number for pair in pairs for number in pair]
    text = " ".join(f"{n}°{n}′{n}″S {n + 90}°{n}′{n}″E" for n in range(10, 30))
    assert coordinates(text) == [f"{n}°{n}′{n}″S {n + 90}°{n}′{n}″E" for n in range(10, 30)]


@given(st.floats(-90, 90), st.floats(-180, 180), st.integers(4, 8))
def test_any_place_on_earth_is_found_but_those_next_to_0(latitude, longitude, n_decimals):
    one, two = f"{latitude:.{n_decimals}f}", f"{longitude:.{n_decimals}f}"
    expected = [f"{one}, {two}"] if max(abs(float(one)), abs(float(two))) >= 2 else []
    assert coordinates(f"My coordinates: {one}, {two}.") == expected
    assert coordinates(f"我的坐标是{one}, {two}。") == expected


pieces = st.sampled_from(
    ["lat", "lon", "GPS", "坐标", "北纬", "东经", "40.7128", "-74.0060", "40°26′46″N", "79°58′", "°", "度", "分", ": ", ", ", "，", " ",
     "", "\n", "N", "W", '"', "1", ".", "é", "=", "&", "<"]
)  # fmt: skip


@given(st.one_of(texts, st.lists(pieces, max_size=14).map("".join)))
def test_findings_are_whole_and_have_two_numbers(text):
    for value in coordinates(text, 0):
        assert len(re.findall(r"[0-9]+", value)) >= 2
        assert not set(value) & set("=<>{}\n")
        assert value == value.strip()


@pytest.mark.parametrize(
    "piece",
    [
        "lat ",
        "lat 1.2345 ",
        "lat 1.2345, ",
        "gps ",
        "1.2345, ",
        "°",
        "1°",
        "1°1′1″N ",
        "北纬",
        "北纬1°",
        "坐标1.2345,",
        "N1°1.1'",
        "geo:",
        "широт",
        "위도는 ",
        "координат 1.2345 ",
        "gps (WGS84",
    ],
)
def test_hostile_text_is_done_with(piece):
    text = piece * ((250_000 if piece.isascii() else 25_000) // len(piece))  # the slow definition encodes a lot
    assert all(len(value) <= 150 for value in coordinates(text, 0))
