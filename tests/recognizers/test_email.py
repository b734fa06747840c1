"""E-mail addresses: what is found and what is left, in all scripts, hidden, and beside Presidio and tldextract."""

from __future__ import annotations

import random
import re
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st
from personal import found
from strategies import texts

from stages.recognizers.email import COUNTRIES, OTHERS, RULES, SCRIPTS, is_top_level


def emails(text: str, min_score: float = 0.5) -> list[str]:
    return [value for _, value in found(text, RULES, min_score)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Write to jane.doe+x@mail.acme.co.uk, please.", ["jane.doe+x@mail.acme.co.uk"]),
        ("邮箱：zhang_wei88@163.com。谢谢", ["zhang_wei88@163.com"]),
        ("邮箱zhang@163.com的，电邮zhang@163.com", ["zhang@163.com", "zhang@163.com"]),
        ("(o'neill@tcd.ie) a@b.co <o'neill@uni-köln.de>", ["o'neill@tcd.ie", "a@b.co", "o'neill@uni-köln.de"]),
        ("mailto:a.b@c.org?x -t=x@y.com JANE@ACME.COM", ["a.b@c.org", "x@y.com", "JANE@ACME.COM"]),
        ("12+jane@users.noreply.github.com", ["12+jane@users.noreply.github.com"]),
        ("https://x.org/?mail=jane@acme.org", ["jane@acme.org"]),
        (r'"a\njane@acme.org" \u003cjane@acme.org C:\jane@acme.org', ["jane@acme.org"] * 3),
        ("иван@почта.рф jörg@uni-koeln.de müller@köln.de", ["иван@почта.рф", "jörg@uni-koeln.de", "müller@köln.de"]),
        ("我的邮箱是李雷@例子.公司，张三@例子.中国的", ["李雷@例子.公司", "张三@例子.中国"]),
        ("请联系zhang@例子.中国，李@例子.cn", ["zhang@例子.中国", "李@例子.cn"]),
        ("ติดต่อsomchai@acme.co.th และ 유나@도메인.한국", ["somchai@acme.co.th", "유나@도메인.한국"]),
        ("jane [at] acme [dot] com, jane(at)acme.com; jane AT acme DOT com",
         ["jane [at] acme [dot] com", "jane(at)acme.com", "jane AT acme DOT com"]),
        ("jane dot doe at acme dot co dot uk. Or jane[@]acme.com, jane (@) acme.com, jane&#64;acme.com",
         ["jane dot doe at acme dot co dot uk", "jane[@]acme.com", "jane (@) acme.com", "jane&#64;acme.com"]),
        ("邮箱：zhangsan#acme.com（请将#换成@），li.si★pku.edu.cn（★替换为@）", ["zhangsan#acme.com", "li.si★pku.edu.cn"]),
        ("邮箱 jane(at)acme.com 谢谢", ["jane(at)acme.com"]),
        ("邮箱jane[at]acme [dot] com，写信到jane (at) acme.com谢谢，联系jane＠acme.com或li（at）acme.cn",
         ["jane[at]acme [dot] com", "jane (at) acme.com", "jane＠acme.com", "li（at）acme.cn"]),
        ("jane(a)acme.com, jane.doe (a) acme.com, E-Mail: jane (a) acme.com, jane (ät) acme.de, jane@acme[.]com",
         ["jane(a)acme.com", "jane.doe (a) acme.com", "jane (a) acme.com", "jane (ät) acme.de", "jane@acme[.]com"]),
        ("https://a.org/?m=jane%40acme.com&x q%3Djane%2Bx%40acme.co.uk%26 邮箱jane%40acme.com。",
         ["jane%40acme.com", "jane%2Bx%40acme.co.uk", "jane%40acme.com"]),
    ],
)  # fmt: skip
def test_what_is_found(text, expected):
    assert emails(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "git@github.com:org/repo.git user@example.com x@y.test W @ x.T @decorator.name a@b jane@mail.example.org",
        "logo@2x.png q@k.transpose(1, 2) x@y.conj() getty@tty1.service me@box.local a@b.c x@w.mT x@self.Is",
        "@jane@mastodon.social lodash@4.17.21 vue@3.2.0-beta.tgz @scope/pkg actions/checkout@v4",
        "noreply@acme.com no-reply@acme.com do-not-reply@acme.com not-reply@acme.com",
        "https://u:pass@host.org/ https://jane@acme.com/ ssh://git@acme.com",
        "you@yourdomain.com YOUR_EMAIL@gmail.com your.name@acme.com xxx@qq.com me@your-company.com a@example.de",
        "https://lists.org/%3CCA%2BxY12Zz%40mail.gmail.com%3E CA+xY12Zz@mail.gmail.com ab12cd@group.calendar.google.com",
        "Message-ID: <20040101.ABC@mail.acme.com>\nIn-Reply-To: <x.y@acme.com>",
        "感谢@张三.李四 转发@微博：请联系@acme.com 我们都在这里一直写着呢@例子.中国",
        "look at acme.com, a dot at noon, jane at acme dot xyzzy, dot com, ok (at) 5 pm, f[at] = x.y, 点(at)面",
        "see (a) amazon.com, section 2(a) acme.com, the case (a) acme.com, f(a) acme.com, （a）acme.com，见 (a) acme.com",
        "50%40acme.com %40acme.com jane%40acme noreply%40acme.com jane%40example.com 100%40x.org x%40y.z",
        "hey (@acme.com) follow [@acme.io] 你好（@acme.com） jane (@ acme.com",
        "请把#换成@，用*代替，C#换成@",
        "@ @@ a@ @a a@@b.com user@host@b.com",
        "=== kyle [n=kyle@82-36-1-2.cable.acme.co.uk] has joined #x\n=== jo [~jo@gw.acme.net]  has joined",
        "=== jo [jo@gw.acme.net]  has joined #x\n* jo (n=jo_@gw.acme.net) has left #x\n* jo (jo@gw.acme.net) has quit IRC",
        ":jo!jo@gw.acme.net PRIVMSG #x :hi\n* jo [i=jo@gw.acme.net] has quit []\n张三 (~jo@gw.acme.net) 加入了频道",
        "jo@cm-84.210.52.102.acme.no 用户jo@84-210-52-102.acme.no jo@ip-10-0-0-1.acme.com",
        "https://mail.acme.org/archives/list/devel@acme.org/thread/AB/ https://lore.kernel.org/lkml/2020.1-jo@acme.org/",
        "https://mail.acme.org/archives/list/devel%40acme.org/ www.x.org https://www.mail-archive.com/devel@acme.com/ 见/message-id/20200101.1-jo@acme.org",
        '"$GITHUB_ACTOR@users.noreply.github.com" ssh -i "D2L.pem" ubuntu@ec2-xx-xxx-xx.y.compute.amazonaws.com',
        "ssh -X jo@gw.acme.com 运行ssh jo@gw.acme.com scp a.txt jo@gw.acme.com:/tmp jo@gw.acme.com:~/x",
        "chacha20-poly1305@openssh.com zlib@openssh.com ~/.local/share/gnome-shell/extensions/clip@acme.com",
        "username:password@proxy.acme.net username@acme.com admin@mysite.com a@domain.com 例如a@domain.cn invalid@invalid.com",
        "",
    ],
)
def test_what_is_left(text):
    assert emails(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "Jane Doe (jane@acme.com) has joined our team",
        "Jane (jane@acme.com) left the company",
        "Hello!jane@acme.com: hi",
        "https://lists.acme.com/listinfo, write to jane@acme.com",
        "邮箱 ~jane@acme.com",
        "use ssh, then write to jane@acme.com",
        "n=jane@acme.com",
        "我用ssh，邮箱jane@acme.com",
    ],
)
def test_addresses_near_what_is_like_an_account_are_found(text):
    assert emails(text) == ["jane@acme.com"]


def test_unknown_domains_and_names_in_chinese_are_weak():
    assert emails("jane@mail.internal 张三@163.com", 0.4) == ["jane@mail.internal", "张三@163.com"]
    assert emails("jane@mail.internal 张三@163.com", 0.45) == []


def test_top_level_domains_are_in_the_list_of_public_suffixes():
    import tldextract

    suffixes = tldextract.TLDExtract(cache_dir=None, suffix_list_urls=()).tlds
    known = {suffix.rpartition(".")[2] for suffix in suffixes}
    ours = COUNTRIES | OTHERS | set(SCRIPTS)
    assert ours <= known
    theirs = {name for name in known if "." not in name and len(name) == 2 and name.isascii()}
    assert theirs - COUNTRIES <= {"bv", "gb", "sj"}  # nobody can register in them
    assert is_top_level("COM")
    assert is_top_level("中国")
    assert not is_top_level("mT")


def test_what_presidio_finds_is_found(monkeypatch):
    def refused(*_, **__):
        raise AssertionError("something went to the network")

    monkeypatch.setattr(socket.socket, "connect", refused)
    monkeypatch.setattr(socket, "getaddrinfo", refused)
    import tldextract
    from presidio_analyzer.predefined_recognizers import EmailRecognizer

    monkeypatch.setattr(tldextract, "extract", tldextract.TLDExtract(cache_dir=None, suffix_list_urls=()))
    recognizer, chance = EmailRecognizer(), random.Random(8)
    for _ in range(60):
        name, host = ("".join(chance.choices("abcdefgh0123", k=chance.randrange(1, 12))) for _ in range(2))
        address = f"{name}{chance.choice('._-+')}x@{host}.{chance.choice(sorted(OTHERS))}"
        text = f"Write to {address}, or 写信给 {address}。"
        hits = recognizer.analyze(text, recognizer.supported_entities, None)
        assert {text[hit.start : hit.end] for hit in hits} == {address}
        assert emails(text) == [address, address]


pieces = st.sampled_from(
    ["a@b.co", "x.y", "@", "中文.cn", "张三", "是", "[at]", " (at) ", " at ", " dot ", "dot", "com", ".", " ", "", "#", "#换成@",
     "://", "<", "\\n", "é", "ö", "，", "\n", "_", "acme", "%", "'", "&#64;", "%40", "(a)", "[.]", "%2B", "ภาษา", "한국", "[n=", "] has left #", "ssh -i ", "/list/", "1-2-3-4."]
)  # fmt: skip


@given(st.one_of(texts, st.lists(pieces, max_size=14).map("".join)))
def test_findings_have_two_parts_and_a_top_level_domain(text):
    for value in emails(text, 0):
        assert value == value.strip()
        assert len(value) <= 330
    for value in emails(text):
        assert value.endswith(SCRIPTS) or re.search(r"[A-Za-z]{2,}\Z", value)


@pytest.mark.parametrize(
    "piece",
    ["@", "a@", "a@a.", "a@b.co ", "a.b-c_d%e", "dot ", "a at a dot ", "a dot ", "(at)", "[at] a.", "a (at) b.", "@ [", "http://a:b@",
     "\\n@a.de", "a#a.de", "%40", "a%40", "%2B%40a.co", "a(a)", "a (a) b.", "mail (a) b.co ", "[.]", "a＠a.", "@中.", "中@中.中国", "中@", "ö@ö.", "#换成@", "a.a", "a-"],
)  # fmt: skip
def test_hostile_text_is_done_with(piece):
    text = piece * ((250_000 if piece.isascii() else 25_000) // len(piece))  # the slow definition encodes a lot
    assert all(len(value) <= 330 for value in emails(text, 0))
