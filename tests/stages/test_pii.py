"""pii: what is found and what is left, in English and Chinese, beside Presidio, and in bounded time."""

from __future__ import annotations

import random
import socket

import pytest
from batches import documents
from hypothesis import given
from hypothesis import strategies as st
from strategies import documents as text_lists

from pipeline.errors import OptionError
from pipeline.execute import run_stage
from stages.pii import KINDS, Pii, luhn


def scrub(text: str, **options) -> str:
    return run_stage(Pii(**options), documents([text])).kept.column("text")[0].as_py()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Write to jane.doe+x@mail.acme.co.uk, please.", "Write to <EMAIL>, please."),
        ("邮箱：zhang_wei88@163.com。谢谢", "邮箱：<EMAIL>。谢谢"),
        ("<o'neill@uni-köln.de>", "<o'neill@uni-köln.de>"),
        ("(o'neill@tcd.ie) a@b.co", "(<EMAIL>) <EMAIL>"),
        ("Host 52.23.22.193:8080 or 52.23.22.193/24", "Host <IP>:8080 or <IP>/24"),
        ("服务器地址203.119.25.1，端口80", "服务器地址<IP>，端口80"),
        ("ping 2001:4860:4860::8888 now", "ping <IP> now"),
        ("Card 4111 1111 1111 1111 or 5500-0000-0000-0004.", "Card <CARD> or <CARD>."),
        ("卡号４０１２８８８８８８８８１８８１，谢谢", "卡号<CARD>，谢谢"),
        ("Call (415) 555-2671 or +44 20 7946 0958!", "Call <PHONE> or <PHONE>!"),
        ("联系电话：13800138000，或０１０-６２３４５６７８", "联系电话：<PHONE>，或<PHONE>"),
        ("手机 138-0013-8000", "手机 <PHONE>"),
        ("Tel: 020 7946 0958", "Tel: <PHONE>"),
        ("전화 02-312-3456", "전화 <PHONE>"),
        ("Call (1-800-238-5355), (+44 20 7946 0958) or ((415) 555-2671)", "Call (<PHONE>), (<PHONE>) or (<PHONE>)"),
        ("电话是010-67028866,010-67013036和010-67012402，", "电话是<PHONE>,<PHONE>和<PHONE>，"),
        ("手机\n13800138000", "手机\n<PHONE>"),
        ("+44 (0)20 7946 0958, 01 42 68 53 00, 0171/2345678", "<PHONE>, <PHONE>, <PHONE>"),
        ("Tel=02079460958 Fax 650 723 1976", "Tel=<PHONE> Fax <PHONE>"),
        ("4111 1111 1111 1111 12/29 123", "<CARD> 12/29 123"),
        ("é 电话020 7946 0958 4111 1111 1111 1111，a@b.co", "é 电话<PHONE> <CARD>，<EMAIL>"),
        ("::ffff:52.23.22.193 [2001:4860:4860::8888]:80", "::ffff:<IP> [<IP>]:80"),
        ("mailto:a.b@c.org?x https://u:pass@host.org/ -t=x@y.com", "mailto:<EMAIL>?x https://u:<EMAIL>/ -t=<EMAIL>"),
    ],
)  # fmt: skip
def test_what_is_replaced(text, expected):
    assert scrub(text) == expected
    assert scrub(expected) == expected


@pytest.mark.parametrize(
    "text",
    [
        "git@github.com:org/repo.git user@example.com x@y.test logo@2x.png W @ x.T @decorator.name a@b",
        "version 52.23.22.193, v1.2.3.4, 1.2.3.4, section 3.141.5.92, 1.2.3.4.5, Chrome/120.99.88.77, 999.1.1.200",
        "127.0.0.1 10.0.0.7 192.168.1.50 0.0.0.0 255.255.255.255 fe80::1 ::1 2001:db8::1 std::vector a::b 12:30:45",
        "4111 1111 1111 1112, 1234567890123456, id_4111111111111111, 0.4111111111111111, /4111111111111111",
        "2023-01-15, 1999-2003, ISBN 978-7-111-12345-6, 1,380,013,800, 3.14159265358979, 2^34 is 17179869184",
        "08 02 22 97 38 15 00 40 00 75 04 05 07 78 52 12 50 77 91 08, 01011100 00, 555-0100",
        "2024年11月24日10时30分，共13800件，价格¥13800138000，编号A13800138000",
        "sha 3f786850e387550fdab836ed7e6dc881de23001b 1700000000 https://a.org/13800138000",
        "13800138000 is English; timestamps 1700000000 1700000000000",
        "(0.53125, 0.897787179), 252.227-7013, 09:00:01 +0900 1970, 03-04/11/2018, 510 (355–1735), 430.721 (2020 est.)",
        "MA 02110-1301, 07030-5774, 01-24 19-35-05, 2648 2675 2774 2844 3041, 753 2648 2675 2774 2844 3041 3707",
        "239.255.0.1 q@k.transpose(1, 2) x@y.conj() getty@tty1.service me@box.local a@b.c",
        "2024-01-15T10:30:00 10:30:45.123456 00:1A:2B:3C:4D:5E 550e8400-e29b-41d4-a716-446655440000",
    ],
)
def test_what_is_left(text):
    assert scrub(text) == text


def test_signals_and_options():
    text = "a@b.co 52.23.22.193 4111111111111111 +8613800138000 c@d.org"
    out = run_stage(Pii(), documents([text, "nothing 没有", ""])).kept
    assert [out.column(f"pii_n_{kind}").to_pylist() for kind in KINDS] == [[2, 0, 0], [1, 0, 0], [1, 0, 0], [1, 0, 0]]
    assert out.column("pii_n_edits").to_pylist() == [5, 0, 0]
    assert scrub(text, kinds=("ip",)) == "a@b.co <IP> 4111111111111111 +8613800138000 c@d.org"
    assert scrub("(415) 555-2671", regions=("CN",)) == "(415) 555-2671"
    with pytest.raises(OptionError, match="'regions' has no country 'China'"):
        Pii(regions=("China",))
    with pytest.raises(OptionError, match="no choice 'mail'"):
        Pii(kinds=("mail",))


pieces = st.sampled_from(
    ["a@b.co", "x.y@中文.cn", "52.23.22.193", "+1 602-275-6300", "13800138000", "4111 1111 1111 1111", "2001:4860:4860::8888",
     " ", "", ".", "-", "@", ":", "+", "(", "电话", "，", "１３", "9", "00", "f::", "tel ", "\n", "é",
     "02079460958", "020 7946 0958", "(415) 555-2671", "v", "/", "=", ",", "<PHONE>", "<IP>", "k.build"]
)  # fmt: skip


@given(st.lists(st.lists(pieces, max_size=12).map("".join), max_size=4))
def test_scrubbing_twice_changes_nothing_and_rows_do_not_touch(texts):
    once = run_stage(Pii(), documents(texts)).kept.column("text").to_pylist()
    assert [scrub(text) for text in texts] == once
    assert [scrub(text) for text in once] == once


@given(text_lists)
def test_any_text_goes_through(texts):
    out = run_stage(Pii(), documents(texts)).kept
    for before, after, n_edits in zip(
        texts, out.column("text").to_pylist(), out.column("pii_n_edits").to_pylist(), strict=True
    ):
        assert (before == after) == (n_edits == 0)


@pytest.mark.parametrize(
    "piece",
    [
        "@",
        "a@",
        "a@a.",
        "a@b.co ",
        "1",
        "1.",
        "0123456789 ",
        "+1 ",
        ":",
        "a:",
        "1-",
        "（",
        "１",
        "a.b-c_d%e",
        "(",
        "f::",
        "1:2:3:4 ",
        "52.23.22.193 x",
        "13800138000，",
        "电话 010-67028866\n",
        "4111 1111 1111 1111, ",
    ],
)
def test_hostile_text_is_done_with(piece):
    text = piece * (250_000 // len(piece))
    assert len(scrub(text)) > 0


def planted(chance: random.Random) -> tuple[str, list[str]]:
    """A text with one number or address of each kind that both tools know, and those."""
    octets = ".".join(str(chance.randrange(30, 99)) for _ in range(4))
    card = "4" + "".join(chance.choices("0123456789", k=14))
    card += next(digit for digit in "0123456789" if luhn(card + digit))
    name = "".join(chance.choices("abcdefgh", k=6))
    found = [
        f"{name}@{name[::-1]}.org",
        octets,
        card,
        f"+1 415-{chance.randrange(200, 999)}-{chance.randrange(1000, 9999)}",
    ]
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
        found = {
            text[hit.start : hit.end]
            for one in recognizers
            for hit in one.analyze(text, one.supported_entities, None)
            if hit.score >= 0.4
        }
        assert found >= set(secrets[:3])
        clean = scrub(text)
        assert not any(secret in clean for secret in secrets)
        assert [clean.count(tag) for tag in ("<EMAIL>", "<IP>", "<CARD>", "<PHONE>")] == [1, 1, 1, 1]
