"""Addresses of hosts and devices, and credentials in URLs: what is found and what is left, beside Presidio and urllib."""

from __future__ import annotations

import ipaddress
import random
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from personal import found
from strategies import texts

from stages.recognizers.network import RULES, is_device, is_placeholder


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Host 52.23.22.193:8080 or 52.23.22.193/24", ["52.23.22.193", "52.23.22.193"]),
        ("服务器地址203.119.25.1，端口80", ["203.119.25.1"]),
        ("ping 2001:4860:4860::8888 now", ["2001:4860:4860::8888"]),
        ("::ffff:52.23.22.193 [2001:4860:4860::8888]:80", ["52.23.22.193", "2001:4860:4860::8888"]),
        ("from 9adc:4f5d:e657:e723:bc6e:5ba7:8744:a769。来自2a00:1450:4001:81b::200e。",
         ["9adc:4f5d:e657:e723:bc6e:5ba7:8744:a769", "2a00:1450:4001:81b::200e"]),
        ("http://5.9.11.13/ and IP地址：5.9.11.13", ["5.9.11.13", "5.9.11.13"]),
        ("[n=kane@91.210.130.37] joined; 客户端 91.210.130.37 断开", ["91.210.130.37", "91.210.130.37"]),
        ("3c:22:fb:9a:0e:71, 3C-22-FB-9A-0E-71. 网卡3c:22:fb:9a:0e:71。",
         ["3c:22:fb:9a:0e:71", "3C-22-FB-9A-0E-71", "3c:22:fb:9a:0e:71"]),
        ("MAC地址：3c22fb9a0e71，物理地址 3c22.fb9a.0e71", ["3c22fb9a0e71", "3c22.fb9a.0e71"]),
        ("interface 3c22.fb9a.0e71 up, 接口地址为3C22.FB9A.0E71。 arp 3c22.fb9a.0e71.", ["3c22.fb9a.0e71", "3C22.FB9A.0E71", "3c22.fb9a.0e71"]),
        ("mac 10:20:31:12:45:59", ["10:20:31:12:45:59"]),
        ("postgres://app:Tr0ub4dor@db.acme.com/x redis://:hunter22@cache:6379", ["app:Tr0ub4dor", ":hunter22"]),
        ("https://jane%40acme.com:p%40ss%3Aw@host", ["jane%40acme.com:p%40ss%3Aw"]),
        ("https://jane@acme.com:p4ssw9rd@host mysql://u:p@ss#w!rd@host/x", ["jane@acme.com:p4ssw9rd", "u:p@ss#w!rd"]),
        (r'"https://jo:Tr0ub4dor\@db.acme.com" 见 "socks://foo:baz\@10.0.0.1"', ["jo:Tr0ub4dor"]),
        ("ftp://jo:p$ssW0rd@h.org amqp://jo:$Tr0ub4dor@h http://jo:K9$MZ%d0{x@h 见http://jo:a}9{!b@h。",
         ["jo:p$ssW0rd", "jo:$Tr0ub4dor", "jo:K9$MZ%d0{x", "jo:a}9{!b"]),
        ("数据库mongodb+srv://admin:kX92!pq@cluster0.mongodb.net/库", ["admin:kX92!pq"]),
    ],
)  # fmt: skip
def test_what_is_found(text, expected):
    assert [value for _, value in found(text, RULES)] == expected


@pytest.mark.parametrize(
    "text",
    [
        "version 52.23.22.193, v1.2.3.4, 1.2.3.4, section 3.141.5.92, 1.2.3.4.5, Chrome/120.99.88.77, 999.1.1.200",
        "版本号：52.23.22.193，固件版本 52.23.22.193，第52.23.22.193节，firmware: 52.23.22.193",
        'FileVersion 23.98.41.77 AssemblyVersion("23.98.41.77") {"appVersion": "23.98.41.77"} Ver.: 23.98.41.77',
        "<Version>23.98.41.77</Version> pkg==23.98.41.77 pkg >= 23.98.41.77 version_info = 23.98.41.77 version[23.98.41.77]",
        "Flash Player 32.0.0.156, Chrome 120.99.88.77, driver 23.98.41.77-1ubuntu2, (= 23.98.41.77+dfsg), 23.98.41.77-rc",
        "versions 23.98.41.77 and 23.98.41.78; versions 23.98.41.77, 23.98.41.78, and 23.99.41.79; the 23.98.41.77 release",
        "升级到23.98.41.77，已更新至 23.98.41.77，从23.98.41.77升级到23.98.41.78，固件23.98.41.77，版本号：<b>23.98.41.77</b>",
        "upgraded from 23.98.41.77 to 23.98.41.78；版本号是23.98.41.77，23.98.41.77版，版本23.98.41.77和23.98.41.78",
        "127.0.0.1 10.0.0.7 192.168.1.50 0.0.0.0 255.255.255.255 fe80::1 ::1 2001:db8::1 std::vector a::b 12:30:45",
        "239.255.0.1 192.0.2.7 198.51.100.7 203.0.113.7 ff02::1:ff00:42 2001:db8:85a3::8a2e:370:7334",
        "ping 8.8.8.8, ssh pi@123.45.67.89, 主机 98.76.54.32, addr(1.2.3.4), host 56.78.90.12",
        "00:1A:2B:3C:4D:5E 00:11:22:33:44:55 aa:bb:cc:dd:ee:ff 01:23:45:67:89:ab 12:34:56:78:9a:bc 00:00:00:00:00:00",
        "ff:ff:ff:ff:ff:ff 01:00:5e:00:00:fb 33:33:00:00:00:01 00:00:5E:00:53:07 00-00-5E-00-53-AF 10:20:31:12:45:59",
        "16:27:ac:a5:76:28:2d:36:63:1b:56:4d:eb:df:a6:48 3c:22:fb:9a:0e 3C-22-FB-9A-0E-71-02 x3c:22:fb:9a:0e:71",
        "2024.1015.0930 dead.beef.cafe v3c22.fb9a.0e71 0011.2233.4455 3c22.fb9a.0e71.1 3d22.fb9a.0e71 0x3c22.fb9a.0e71",
        "a Mac with 123456789012 bytes, mac 2024.1015.0930, hmac 3c22fb9a0e71, MAC码",
        "https://user:password@host https://${USER}:${PASS}@h.com http://foo:***@host http://u:xxxx@host",
        "http://<user>:<pass>@host http://%s:%s@host https://{user}:{token}@host https://admin:admin@host",
        "http://u:$PASS_2@h http://u:${p}@h http://u:%PASS%@h http://u:$A$B@h http://u:$pass1@h 见http://u:%(pw)s@h",
        "http://u:#{pw}@h http://u:x{token}@h http://u:{{pw}}@h http://u:${PW:-a}@h http://u:$(cat@h http://u:%s@h",
        "https://your-name:your-password@host http://用户:密码@host https://x:$TOKEN@host ftp://a:my_password@h",
        "https://h:8080?x=a@b.com https://h:80/x@y http://a.org:8080/@b git@github.com:org/x ://a:bcde@c user:pass1@host",
        "",
    ],
)
def test_what_is_left(text):
    assert found(text, RULES) == []


@pytest.mark.parametrize(
    "text",
    [
        "the DNS record was updated to 23.98.41.77",
        "IP地址更新为23.98.41.77",
        "server 23.98.41.77, edge",
        "addr==23.98.41.77 or not",
        'if ip == "23.98.41.77"',
        "服务器升级到23.98.41.77",
        "version 2 of a server at 23.98.41.77",
        "已更新，来自23.98.41.77的请求",
        "the driver connected to 23.98.41.77",
    ],
)
def test_addresses_near_words_of_versions_are_found(text):
    assert found(text, RULES) == [("ip", "23.98.41.77")]


def test_addresses_that_are_not_public_are_found_if_wanted():
    text = "10.0.0.7, ip 10.0.0.7, 192.168.1.50, 网关：172.16.0.1, fe80::1:2, fd12:3456:789a::1"
    assert found(text, RULES) == []
    values = [value for _, value in found(text, RULES, all_ips=True)]
    assert values == ["10.0.0.7", "192.168.1.50", "172.16.0.1", "fe80::1:2", "fd12:3456:789a::1"]
    left = "127.0.0.1 0.0.0.0 255.255.255.0 255.255.255.255 239.255.0.1 ::1 v10.0.0.7 version 192.168.1.50 版本 10.99.88.77"
    assert found(left, RULES, all_ips=True) == []


def test_random_public_addresses_are_found_but_those_like_versions():
    chance = random.Random(5)
    found_of, all_of = 0, 0
    while all_of < 400:
        address = ipaddress.IPv4Address(chance.getrandbits(32))
        if address.is_global and not address.is_multicast:
            all_of += 1
            found_of += found(f"so {address}, 来自{address}。", RULES) == [("ip", str(address))] * 2
    assert found_of >= 396
    for _ in range(100):
        address = ipaddress.IPv6Address((0x2A << 120) | chance.getrandbits(120))
        for written in (str(address), address.exploded.upper()):
            assert found(f"so {written}, 来自{written}。", RULES) == [("ip", written)] * 2


def test_presidio_finds_what_we_find_in_clear_cases():
    from presidio_analyzer.predefined_recognizers import IpRecognizer, MacAddressRecognizer

    chance = random.Random(8)
    for _ in range(50):
        mac = ":".join(f"{byte:02x}" for byte in (chance.randrange(128) * 2, 0xAB, *chance.randbytes(4)))
        text = f"at 91.{chance.randrange(40, 255)}.{chance.randrange(255)}.{chance.randrange(255)} with {mac}."
        theirs = {
            text[hit.start : hit.end]
            for one in (IpRecognizer(), MacAddressRecognizer())
            for hit in one.analyze(text, one.supported_entities, None)
        }
        assert {value for _, value in found(text, RULES)} <= theirs
        assert len(found(text, RULES)) == 2


passwords = st.text("abcXYZ019!#&*+,;=.~_%-", min_size=5, max_size=20).map("k".__add__)  # 80#... may be a port


@given(st.text("abcdefgh.%-", min_size=1, max_size=12), passwords)
def test_credentials_are_those_that_urllib_reads(user, password):
    url = f"https://{user}:{password}@db.acme.org:5432/x"
    split = urlsplit(url.replace("#", "_"))
    values = [value for kind, value in found(f"见 {url}。", RULES) if kind == "url_credentials"]
    if is_placeholder(user.encode(), password.encode()):
        assert values == []
    else:
        assert [value.replace("#", "_") for value in values] == [f"{split.username}:{split.password}"]


def test_what_is_a_device_and_a_placeholder():
    assert is_device(b"3c:22:fb:9a:0e:71")
    assert not is_device(b"3d:22:fb:9a:0e:71")  # the last bit of the first byte says that it is a group's
    assert not is_device(b"00005e005310")
    assert is_placeholder(b"jane", b"JANE")
    assert is_placeholder(b"$USER", b"Tr0ub4dor")
    assert not is_placeholder(b"", b"Tr0ub4dor")


pieces = st.sampled_from(
    ["52.23.22.193", "2001:4860:4860::8888", "3c:22:fb:9a:0e:71", "3C-22-FB-9A-0E-71", "3c22.fb9a.0e71", "mac ", "网卡", "版本", "v", "更新至", "Version(", " and ", "==", "\\", "http://",
     "u:", "Tr0ub", "@", "host", ":", ".", "-", "/", " ", "", "，", "f::", "é", "9", "::ffff:", "\n"]
)  # fmt: skip


@given(st.one_of(texts, st.lists(pieces, max_size=14).map("".join)), st.booleans())
def test_findings_are_what_the_standard_library_reads(text, all_ips):
    for kind, value in found(text, RULES, all_ips=all_ips):
        if kind == "ip":
            assert ipaddress.ip_address(value) is not None
        elif kind == "mac":
            assert len(bytes.fromhex(value.replace(":", "").replace("-", "").replace(".", ""))) == 6
        else:
            assert ":" in value
            assert not set(value) & set("/ \n")


@pytest.mark.parametrize(
    "piece",
    ["1.", "1.2.3.4 ", "52.23.22.193 x", ":", "a:", "f::", "1:2:3:4 ", "aa:bb:cc:dd:ee:ff ", "00-11-22-33-44-55 ", "3c22.", "3c22.fb9a.0e71 ", "mac ", "mac 1234.",
     "@", ":@", "://", "http://a:b@", "http://a:b", "a:b@h", "网卡", "２.", "版本 1.2.3.4，", "version 1.2.3.4 and ", "升级到", "52.23.22.193, "],
)  # fmt: skip
def test_hostile_text_is_done_with(piece):
    text = piece * ((250_000 if piece.isascii() else 25_000) // len(piece))  # the slow definition encodes a lot
    assert all(len(value) <= 400 for _, value in found(text, RULES))
