"""E-mail addresses: as RFC 5322 writes them, with letters of all scripts (RFC 6531), and as people hide them.

No findings are: addresses of domains kept for examples or at home (RFC 2606, RFC 6762: `example.com`, `.test`,
`.local`) or that only show what to fill in (`you@yourdomain.com`, `$USER@acme.com`); senders that nobody reads and
accounts of services (`noreply@`, `git@`); accounts of federated networks (`@user@host.social`); packages with a version
(`name@1.2.3`); numbers of messages and of calendars; what stands before the host in a URL; accounts on hosts: those of
IRC (`nick [n=user@host]`), of `ssh user@host` and `user@host:/path`, and all whose host is named after an IP address;
what an archive of mailing lists has in the paths of its URLs (`/list/devel@acme.org/`), which is the address of a list,
not of a person, or the number of a message; algorithms of SSH (RFC 4251, 6). An address whose domain ends in nothing
that the public DNS knows, such as `jane@mail.internal` or `logo@2x.png`, is a weak finding.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from . import marks
from .rule import Rule, Settings, Span, around

MAX_LOCAL, MAX_DOMAIN = 64, 254
"""Characters of both parts (RFC 5321, 4.5.3.1)."""

_COUNTRIES = (
    "ac ad ae af ag ai al am ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bm bn bo br bs bt bw by bz ca cc "
    "cd cf cg ch ci ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec ee eg er es et eu fi fj fk fm fo fr ga "
    "gd ge gf gg gh gi gl gm gn gp gq gr gs gt gu gw gy hk hm hn hr ht hu id ie il im in io iq ir is it je jm jo jp "
    "ke kg kh ki km kn kp kr kw ky kz la lb lc li lk lr ls lt lu lv ly ma mc md me mg mh mk ml mm mn mo mp mq mr ms "
    "mt mu mv mw mx my mz na nc ne nf ng ni nl no np nr nu nz om pa pe pf pg ph pk pl pm pn pr ps pt pw py qa re ro "
    "rs ru rw sa sb sc sd se sg sh si sk sl sm sn so sr ss st su sv sx sy sz tc td tf tg th tj tk tl tm tn to tr tt "
    "tv tw tz ua ug uk us uy uz va vc ve vg vi vn vu wf ws ye yt za zm zw"
)
_OTHERS = (
    "com net org edu gov mil int academy accountants aero africa agency amsterdam apartments app art asia associates "
    "attorney barcelona bayern berlin bible bio biz blog boats boston brussels builders business cafe capetown "
    "capital care cat catering center chat church city clinic cloud club codes coffee college cologne community "
    "company construction consulting contractors cooking cool coop credit cruises cymru dating degree dentist design "
    "dev digital direct doctor durban education email energy engineering estate eus events expert express family "
    "farm finance fitness flights florist flowers foundation frl fun fund gal gallery games garden gent gifts global "
    "gmbh group guru hamburg health help helsinki holiday homes hospital host hosting hotels house icu info ink "
    "institute insurance international ist istanbul jobs joburg kiwi koeln kyoto land law lawyer legal life limo "
    "link live loans london ltd madrid management market marketing mba media melbourne miami mobi money mortgage "
    "moscow museum nagoya name network news ngo ninja nrw nyc okinawa one online organic osaka page paris partners "
    "party phd photo photography photos pics pizza place plumbing plus post press pro properties quebec realty "
    "recipes red ren rentals rest restaurant review rio rocks ruhr run saarland sale sarl school science scot "
    "services shop show site social software solutions space srl stockholm store stream studio style support surgery "
    "swiss sydney systems taipei tax taxi team tech technology tel tips tirol today tokyo tools top tours town trade "
    "training travel university vacations vegas ventures vet villas vip vision vlaanderen vodka wales wang website "
    "wedding wien wiki win wine work works world xin xyz yachts yokohama zone"
)
COUNTRIES, OTHERS = frozenset(_COUNTRIES.split()), frozenset(_OTHERS.split())
"""Top-level domains: of countries, and those of others that people have addresses in."""
_SCRIPTS = (
    "中国 中國 公司 网络 在线 中文网 集团 网址 网站 商城 商店 香港 台湾 台灣 澳门 新加坡 政务 公益 コム みんな "
    "рф рус укр бел срб бг мкд онлайн сайт орг ком москва қаз ελ ευ 한국 닷컴 닷넷 ไทย คอม भारत বাংলা ভারত "
    "இந்தியா مصر ایران امارات السعودية المغرب ישראל"
)
SCRIPTS = tuple(_SCRIPTS.split())

DOMAIN = re.compile(rb"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){1,8}([A-Za-z]{2,24})(?![A-Za-z0-9_@(])")
LAST = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-"
LOCAL = LAST + b".%'"
ESCAPE = re.compile(rb"(?:[nrt]|u[0-9A-Fa-f]{4})(?=[A-Za-z0-9_])")
"""What is left of `\\n` and the like before an address in the source of a string."""
IN_URL = re.compile(rb"://[^\s/?#@]{0,128}\Z")
MESSAGE_ID = re.compile(rb"(?:message-id|references|in-reply-to|content-id)[^\n]{0,40}<\Z", re.IGNORECASE)
OF_ACCOUNT = re.compile(
    rb"[\[(!][niu]=~?\Z|[\[(!]~\Z|\b(?:ssh|sftp|mosh|ssh-copy-id)"
    rb"(?: -{1,2}[A-Za-z]{1,24}(?: [^\s@-][^\s@]{0,40})?){0,3} \Z"
)
"""Before accounts on hosts: idents of IRC (RFC 1413; `n=` and `i=` are those of freenode), commands of SSH."""
TO_ACCOUNT = re.compile(
    rb":[/~]|\s(?:JOIN|PART|QUIT|NICK|PRIVMSG|NOTICE|MODE|KICK)\b|"
    rb"[\])]\s{1,3}(?:has )?(?:joined|left|quit|parted)\b ?(?:[#&(\[:\"\n]|IRC\b|\Z)"
)
"""After them: paths, and what they do on IRC (RFC 2812, 3)."""
IN_ARCHIVE = re.compile(
    rb"(?:/(?:lists?|archives?|msgid-search|msg-?id|message-id|mid|extensions)|//(?:lore\.kernel|public-inbox)\.org/[\w.-]+"
    rb"|//(?:www\.)?mail-archive\.com)"
    rb"/\Z"
)
"""Before what paths have of lists, messages, and extensions of desktops, which are named in the same way."""
NUMBERED_HOST = re.compile(
    r".*(?:[0-9]{1,3}[.x-]){3}[0-9]{1,3}(?![0-9])|.*\.compute(?:-1)?\.amazonaws\.com", re.IGNORECASE
)

FOR_EXAMPLES = re.compile(
    r"(?:.*\.)?example\.(?:com|net|org)|.*\.(?:example|test|invalid|local|localhost|localdomain)|"
    r"(?:mail\.gmail|group\.calendar\.google)\.com|(?:.*\.)?(?:examples?|invalid|domain|(?:your|my|some)-?(?:domain|site)"
    r"|your-?(?:company|host|server|org|email))\.[a-z.]{2,8}",
    re.IGNORECASE,
)
SERVICES = re.compile(
    r"git|hg|svn|gitea|gitlab|ec2-user|(?:do[._-]?)?not?[._-]?reply|mailer-daemon|anon(?:cvs|ymous)|(?:user|pass|your)[._-]?(?:name|word)|your[._-]?.*"
    r"|x{3,}",
    re.IGNORECASE,
)
ALGORITHM = re.compile(r"(?:.*[-0-9].*|zlib)@(?:openssh\.com|libssh\.org)")


def find(text: bytes, start: int, stop: int, settings: Settings) -> Iterator[Span]:
    """The address around an `@`, if its letters are ASCII."""
    domain = DOMAIN.match(text, stop, stop + MAX_DOMAIN)
    if domain is None or text[start - 1] not in LAST:
        return
    first = _local_start(text, start)
    if (
        first < start
        and not _is_other(text, first, start)
        and not TO_ACCOUNT.match(text, domain.end(), domain.end() + 24)
        and not _is_placeholder(text[first:start].decode(), domain[0].decode())
    ):
        yield Span(first, domain.end(), 0.9 if is_top_level(domain[1].decode()) else 0.4, "email")


def _local_start(text: bytes, at: int) -> int:
    """Where the part before the `@` begins; `at` if there is none in ASCII."""
    low = max(0, at - MAX_LOCAL)
    first = low + len(text[low:at].rstrip(LOCAL))
    if text[first - 1 : first] == b"\\" and (escape := ESCAPE.match(text, first, at)):
        return escape.end()
    if first and text[first - 1] >= 0x80 and is_spaced(text[max(0, first - 4) : first].decode(errors="ignore")[-1:]):
        return at
    while first < at and text[first] in b".%+'-":
        first += 1
    return first


def _is_other(text: bytes, first: int, at: int) -> bool:
    """Whether what begins there is an account, a variable, a part of a URL, or the number of a message."""
    return (
        text[first - 1 : first] in (b"@", b"$")
        or OF_ACCOUNT.search(text, max(0, first - 96), first) is not None
        or IN_ARCHIVE.search(text, max(0, first - 64), first) is not None
        or IN_URL.search(text, max(0, first - 160), first) is not None
        or (text[first - 1 : first] == b"<" and MESSAGE_ID.search(text, max(0, first - 64), first) is not None)
    )


def _is_placeholder(local: str, domain: str) -> bool:
    """Whether nobody reads what is sent there, as it is no address of a mailbox or one made up."""
    return (
        FOR_EXAMPLES.fullmatch(domain) is not None
        or SERVICES.fullmatch(local) is not None
        or NUMBERED_HOST.match(domain) is not None
        or ALGORITHM.fullmatch(f"{local}@{domain}") is not None
    )


def is_top_level(name: str) -> bool:
    """Whether a domain that ends so may be one of the public DNS, and is written as one."""
    small = name.lower()
    return name in (small, name.upper()) and (small in COUNTRIES or small in OTHERS or small in SCRIPTS)


def is_spaced(character: str) -> bool:
    """Whether it is a letter of a script with spaces between words, such as Cyrillic."""
    return character.isalpha() and (character < "\u0e00" or "\u1e00" <= character <= "\u1fff")


# Letters of all scripts, and addresses that are hidden

WIDE_LOCAL = re.compile(r"[\w.%+'-]{1,64}\Z")
WIDE_DOMAIN = re.compile(
    r"(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.){1,8}"
    rf"(?P<top>{'|'.join(sorted(SCRIPTS, key=len, reverse=True))}|[A-Za-z]{{2,24}})(?![A-Za-z0-9_@(])"
)
UNSPACED_PART = re.compile(r".*[\u0e00-\u1cff\u2e80-\U0003ffff]", re.DOTALL)
BEFORE_NAME = re.compile(r".*(?:[是为為给給到至]|联系|聯繫|邮箱|郵箱|邮件|電郵)", re.DOTALL)
MAX_NAME_CHARS = 8
"""So many characters of an unspaced script are a name; more are a sentence."""

_UNSPACED = r"\u0e00-\u0eff\u1780-\u17ff\u2e80-\uabff\uf900-\ufaff\U00020000-\U0003ffff"
_FREE_LEFT, _FREE_RIGHT = rf"(?<![.@/])(?<![^\W{_UNSPACED}])", rf"(?![@(]|[^\W{_UNSPACED}])"
"""Where an address may begin and end: beside no letter, if its script has spaces between words."""
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,40}[A-Za-z0-9])?"
_DOT = r"(?:\s?[\[({<]\s?(?:dot|\.|点)\s?[\])}>]\s?|\s+dot\s+)"
_NAME = rf"[A-Za-z0-9_](?:[A-Za-z0-9_+-]|\.(?=[A-Za-z0-9_])){{0,40}}(?:{_DOT}[A-Za-z0-9_+-]{{1,40}}){{0,2}}"
_TOP = rf"(?P<top>[A-Za-z]{{2,16}}){_FREE_RIGHT}"
HIDDEN_LOCAL = re.compile(rf"{_FREE_LEFT}(?P<local>{_NAME})\s?(?:[\[({{<]\s?)?\Z", re.IGNORECASE)
HIDDEN_DOMAIN = re.compile(rf"\s?(?:[\])}}>]\s?)?(?P<domain>(?:{_LABEL}(?:{_DOT}|\.)){{1,4}}){_TOP}", re.IGNORECASE)
SPOKEN = re.compile(
    rf"{_FREE_LEFT}(?P<local>{_NAME})(?:\sat\s|@)(?P<domain>(?:{_LABEL}(?:{_DOT}|\.)){{0,3}}{_LABEL}{_DOT}){_TOP}",
    re.IGNORECASE,
)
DOTS = re.compile(_DOT, re.IGNORECASE)
IS_SPOKEN = re.compile(r"\w(?:\sat\s|@)\w", re.IGNORECASE)
SWAPPED = re.compile(
    r"(?P<local>[A-Za-z0-9][\w.+-]{0,63})(?P<sign>[#$*★☆])(?P<domain>(?:[A-Za-z0-9-]{1,63}\.){1,4}[a-z]{2,16})",
    re.ASCII,
)
SWAP = re.compile(r"([#$*★☆])[”’'\"」]?\s?(?:替换|换|改|替換|換)(?:成|为|為)?[“‘'\"「]?\Z")
DOT_WORDS, LETTER_WORDS = ("dot", "[.]"), ("(a)", "[a]", "（a）")
WORDS = (
    *("@", "＠", "[at]", "(at)", "{at}", "<at>", "[ at ]", "( at )", "（at）", "【at】", "(ät)", "[ät]", "&#64;"),
    *DOT_WORDS,
    *LETTER_WORDS,
)
MAIL_BEFORE = re.compile(
    r"(?:mail|contact|kontakt|courriel|correo|邮箱|郵箱|邮件|郵件|メール|메일|почт)[^\n]{0,24}\Z", re.IGNORECASE
)
HIDDEN_CHARS = 80
MAX_SWAP_CHARS = 12
BRACKET, CLOSING = re.compile(rb"[\[({<]\s?\Z"), re.compile(rb"\s?[\])}>]")


def find_written_otherwise(text: bytes, start: int, stop: int, settings: Settings) -> Iterator[Span]:
    """Addresses with letters that are not ASCII around an `@`, and hidden ones around a word in place of it."""
    is_at = text[start:stop] == b"@"
    is_hidden = not is_at or (BRACKET.search(text, max(0, start - 2), start) and CLOSING.match(text, stop))
    if not is_hidden and text[max(0, start - MAX_LOCAL) : stop + MAX_DOMAIN // 2].isascii():
        return
    before, word, after = around(text, start, stop, 4 * HIDDEN_CHARS, 4 * HIDDEN_CHARS)
    if word.lower() in DOT_WORDS:
        yield from _spoken(before[-HIDDEN_CHARS:], word, after[:HIDDEN_CHARS], start)
    elif is_hidden:
        is_letter = word.lower() in LETTER_WORDS
        yield from _hidden(before[-HIDDEN_CHARS:], after[:HIDDEN_CHARS], start, stop, is_letter)
    elif swap := SWAP.search(before[-MAX_SWAP_CHARS:]):
        yield from _swapped(before, swap[1], start)
    elif found := _wide(before, after):
        local, domain, score = found
        yield Span(start - len(local.encode()), stop + len(domain.encode()), score, "email_international")


def _swapped(before: str, sign: str, start: int) -> Iterator[Span]:
    """Addresses with another sign, before a request to put an `@` in its place."""
    for match in SWAPPED.finditer(before):
        if match["sign"] == sign and is_top_level(match["domain"].rpartition(".")[2]):
            low = start - len(before[match.start() :].encode())
            yield Span(low, low + len(match[0].encode()), 0.85, "email_hidden")


def _wide(before: str, after: str) -> tuple[str, str, float] | None:
    """Both parts of an address around an `@`, and how sure it is, if not all letters are ASCII."""
    domain, run = WIDE_DOMAIN.match(after), WIDE_LOCAL.search(before[-MAX_LOCAL:])
    if domain is None or run is None or not is_top_level(domain["top"]):
        return None
    local = UNSPACED_PART.sub("", run[0]).lstrip(".%+'-")
    is_name = not local
    if is_name:  # all of it is written without spaces
        local = BEFORE_NAME.sub("", run[0])
    other = before[: len(before) - len(local)]
    if (local.isascii() and domain[0].isascii()) or not 0 < len(local) <= (MAX_NAME_CHARS if is_name else MAX_LOCAL):
        return None
    if other[-1:] == "@" or _is_placeholder(local, domain[0]) or IN_URL.search(other.encode()):
        return None
    return local, domain[0], 0.85 if not is_name else 0.75 if not domain[0].isascii() else 0.4


def _hidden(before: str, after: str, start: int, stop: int, is_letter: bool) -> Iterator[Span]:
    """The address around a word in brackets, such as `[at]`, that stands for the `@`.

    is_letter: the word is `(a)`, which also begins the parts of a list, if spaces are around it.
    """
    local, domain = HIDDEN_LOCAL.search(before), HIDDEN_DOMAIN.match(after)
    if not local or not domain or not _is_address(local, domain):
        return
    is_close = len(local["local"]) > 1 and not before[-1:].isspace() and not after[:1].isspace()
    if not is_letter or is_close or "." in local["local"] or MAIL_BEFORE.search(before[: local.start()]):
        yield Span(start - len(local[0].encode()), stop + len(domain[0].encode()), 0.85, "email_hidden")


def _spoken(before: str, word: str, after: str, start: int) -> Iterator[Span]:
    """Addresses such as `jane at acme dot com` that reach over a `dot`."""
    if not IS_SPOKEN.search(before):
        return
    for match in SPOKEN.finditer(before + word + after):
        if match.start() < len(before) < match.end() and _is_address(match, match):
            low = start - len(before[match.start() :].encode())
            yield Span(low, low + len(match[0].encode()), 0.75, "email_hidden")


def _is_address(local: re.Match[str], domain: re.Match[str]) -> bool:
    """Whether these parts of a hidden address are those of one that may be read."""
    whole = DOTS.sub(".", domain["domain"]) + domain["top"]
    return is_top_level(domain["top"]) and not _is_placeholder(local["local"], whole)


ESCAPED_LOCAL = re.compile(rb"(?:(?<=%[0-9A-Fa-f]{2})|(?<![\w.+%-]))(?:[A-Za-z0-9._+-]|%2[BbDdEe]|%5[Ff]){1,64}\Z")
MAX_ESCAPED = 3 * MAX_LOCAL


def find_escaped(text: bytes, start: int, stop: int, settings: Settings) -> Iterator[Span]:
    """The address around an `@` that is written as in a URL (RFC 3986, 2.1): `%40`."""
    domain = DOMAIN.match(text, stop, stop + MAX_DOMAIN)
    local = ESCAPED_LOCAL.search(text, max(0, start - MAX_ESCAPED), start) if domain else None
    if domain is None or local is None or not is_top_level(domain[1].decode()):
        return
    if IN_ARCHIVE.search(text, max(0, local.start() - 64), local.start()):
        return
    if local[0].strip(b"0123456789.+-") and not _is_placeholder(local[0].decode(), domain[0].decode()):
        yield Span(local.start(), domain.end(), 0.85, "email_escaped")


RULES = (
    Rule("email", marks.AT, find),
    Rule("email", marks.STARTS, find_escaped, ("%40",)),
    Rule("email", marks.WORDS, find_written_otherwise, WORDS),
)
