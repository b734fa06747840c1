"""Persons in Chinese, and in Japanese and Korean forms: names after labels and in courts, said (我叫), on envelopes and
before titles (先生).

A name is a family name (see `known_names_chinese`) and one or two characters more, or parts with `·` between. As there
are no spaces, what follows must end it: something else than a character, or a word that comes next in a form.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from . import marks
from .known_names import listed
from .known_names_chinese import (
    ALSO_THINGS,
    ALSO_WORDS,
    COMPOUND,
    FREQUENT,
    JAPANESE,
    KOREAN,
    NOT_NAMES,
    NOT_TITLED,
    SURNAMES,
    UNITS,
)
from .rule import Rule, Settings, Span, around

FORM, WEAK = 0.6, 0.4
HAN = "㐀-䶿一-鿿々〇"
MAX_BYTES = 96
PLACES = "镇鎮乡鄉村路街州省"
"""Characters that end names of places more often than of people."""
HAN_BYTE = re.compile(rb"[\xe3-\xe9]")
"""The first byte of a Chinese character of three bytes, which is almost any."""


def spread(*labels: str) -> tuple[str, ...]:
    """Labels as forms space them out."""
    gaps = (" ", "  ", "   ", "    ", "\u3000", "\u3000\u3000")
    return tuple(gap.join(label) for label in labels for gap in gaps)


LABELS = (
    *listed(
        """
        姓名 联系人 聯絡人 聯繫人 联络人 收件人 收货人 收貨人 寄件人 发件人 申请人 申請人 患者 户名 戶名
        法定代表人 法人代表 经办人 經辦人 负责人 負責人 签名 簽名 签字 签收人 持卡人 投保人 被保险人 受益人
        客户名称 客户 顾客 業主 业主 房东 租客 承租人 出租人 学生 家长 监护人 病人 员工 订票人 乘客 預訂人
        预订人 报名人 填表人 报告人 委托人 被委托人 开户人 收款人 付款人 紧急联系人 緊急聯絡人 入住人 乘车人
        本名 真名 名字 真实姓名 中文名 投诉人 举报人 借款人 担保人 甲方 乙方 此致 驾驶人 驾驶员 駕駛人 駕駛員 旅客
        承办人 承辦人 当事人 當事人 出借人 保证人 继承人 立遗嘱人 捐赠人 领取人 代领人 见证人 見證人
        """
    ),
    "name",
    "full name",
    "contact",
    *spread("姓名", "户名", "戶名", "签名", "联系人", "聯絡人", "负责人", "申请人", "申請人", "收件人", "经办人"),
)
NAMING = frozenset(("姓名", "户名", "戶名"))
"""Labels behind which a name may stand at once."""
COLON = re.compile(
    r"[\"'*_】\]）)]{0,3}(?:（[^（）\n]{1,8}）)?[ \t\u3000]{0,8}"
    r"(?:[:：=|｜为是]|[ \t\u3000]|</t[dh]>\s{0,20}<t[dh][^<>\n]{0,60}>|(?<=】))"
    r"[ \t\u3000]{0,8}[\"'“*_【]{0,3}"
)
TITLES = listed(
    """
    先生 女士 小姐 太太 夫人 经理 經理 总经理 老师 老師 医生 醫生 医师 醫師 教授 主任 师傅 師傅 律师 律師 同学 同學
    博士 院长 院長 局长 局長 校长 校長 董事长 董事長 法官 警官 同志 护士 大夫 阿姨 叔叔 处长 科长 所长 書記 书记
    总监 老板 老闆 大姐 大哥 大妈 大爷 大叔 大娘
    """
)
PERSONAL = frozenset(
    listed("先生 女士 小姐 太太 师傅 師傅 大夫 经理 經理 老师 老師 阿姨 叔叔 大姐 大哥 大妈 大爷 大叔 大娘")
)
"""Titles before which a family name with a given one may be rare."""
ENDED = re.compile(
    rf"(?![{HAN}])|(?:{'|'.join(TITLES)}|性别|性別|年龄|年齡|电话|電話|手机|手機|身份|证件|联系|聯絡|地址|住址|出生|民族|籍贯|邮箱|职务|职业|单位|"
    r"学号|工号|账号|帐号|卡号|银行|开户|微信|已|于|的|是|和|与|在|，)"
)
NEXT = re.compile("(?:[（(][^（）()\n]{1,20}[）)])?[ ]?(?:[、/／和及与與]|(?P<loose>[，,；;]))[ ]?")
LIST_BYTES, MAX_LISTED = 900, 30
FOREIGN = re.compile(rf"[{HAN}]{{1,8}}(?:[·•・‧][{HAN}]{{1,8}}){{1,3}}")
TITLE = re.compile(rf"(?:{'|'.join(TITLES)})(?![{HAN}])")
SPACED = re.compile(rf"([{HAN}])[ \u3000]{{1,2}}([{HAN}])(?![{HAN}])")


def read(window: str, place: int) -> int:
    """Where the Chinese name that begins at a character ends, or 0."""
    foreign = FOREIGN.match(window, place)
    if foreign:
        return 0 if "的" in foreign[0] else foreign.end()
    spaced = SPACED.match(window, place)
    if spaced and spaced[1] in SURNAMES:
        return spaced.end()
    family = _family(window, place)
    if family and TITLE.match(window, place + family):
        return place + family
    for length in (2, 1) if family else ():
        stop = place + family + length
        if _is_long(window[place:stop], family + length) and ENDED.match(window, stop):
            return 0 if _is_word(window[place:stop]) else stop
    return 0


def _family(window: str, place: int) -> int:
    """How many characters of a family name stand at a place."""
    return 2 if window[place : place + 2] in COMPOUND else int(window[place : place + 1] in SURNAMES)


def _is_long(value: str, length: int) -> bool:
    """Whether it is so many Chinese characters."""
    return len(value) == length and _is_han(value)


def _is_word(value: str) -> bool:
    return value in NOT_NAMES or value[:2] in NOT_NAMES or value in ALSO_THINGS or value[-1] in UNITS or "某" in value


def _is_han(value: str) -> bool:
    return re.fullmatch(f"[{HAN}]+", value) is not None


def _span(text: bytes, first: int, window: str, place: int, end: int, score: float, rule: str) -> Span:
    start = first + len(window[:place].encode())
    return Span(start, start + len(window[place:end].encode()), score, rule)


def find_labelled(text: bytes, start: int, stop: int, settings: Settings) -> Iterator[Span]:
    """The name in a field of a form, and those listed behind it."""
    if HAN_BYTE.search(text, stop, stop + 40) is None:
        return
    _, label, window = around(text, start, stop, 0, MAX_BYTES)
    colon = COLON.match(window)
    is_field = colon is not None and re.search(r"[:：=|｜<】]", colon[0]) is not None
    if colon is None and label not in NAMING:
        return
    place = colon.end() if colon else len(window) - len(window.lstrip("\r\n"))
    end = read(window, place)
    is_whole = (
        colon is not None
        and label[0] + label[-1] in NAMING
        and end - place == 3
        and ENDED_PARTY.match(window, end) is not None
    )
    if end and (is_field or is_whole or _is_frequent(window, place, end)):
        yield _span(text, stop, window, place, end, FORM, "person_form")
        yield from _listed(text, stop, end)


def _listed(text: bytes, first: int, end: int) -> Iterator[Span]:
    """The names behind another one that ends `end` characters after byte `first`: 甲、乙（组长）和丙.

    What a comma or semicolon parts may be anything, and so must have a frequent family name.
    """
    _, _, window = around(text, first, first, 0, LIST_BYTES)
    for _ in range(MAX_LISTED):
        comma = NEXT.match(window, end)
        end = read(window, comma.end()) if comma else 0
        if not comma or not end or (comma["loose"] and not _is_usual(window, comma.end(), end)):
            return
        yield _span(text, first, window, comma.end(), end, FORM, "person_form")


def _is_usual(window: str, place: int, end: int) -> bool:
    """Whether a name is of a frequent family, no other word, and no label."""
    is_word = (window[place] in ALSO_WORDS and end - place < 3) or window[end - 1] in PLACES
    return _is_frequent(window, place, end) and not is_word and window[end : end + 1] not in (":", "：", "=")


def _is_frequent(window: str, place: int, end: int) -> bool:
    """Whether a name has a frequent family name, and no character behind it."""
    is_frequent = window[place] in FREQUENT or window[place : place + 2] in COMPOUND
    return is_frequent and not _is_han(window[end : end + 1] or " ")


# 被告人张三，男

VAGUE = frozenset(("原告", "被告", "证人", "罪犯", "第三人"))
"""Behind these other words stand as often as names, so that a family name must be frequent."""
DESCRIBED = listed("患者 病人 死者 伤者 傷者 受害人 报案人 失踪者 男子 女子")
"""Behind these it takes sex, age or birth to tell a name."""
PARTIES = (
    *listed(
        """
        被告人 被告 原告 原告人 辩护人 辯護人 上诉人 上訴人 被上诉人 被上訴人 申请执行人 被执行人 被申请人 再审申请人
        第三人 审判长 審判長 审判员 審判員 陪审员 陪審員 书记员 書記員 法官助理 公诉人 公訴人 被害人 自诉人 证人 罪犯
        嫌疑人 委托代理人 委託代理人 委托诉讼代理人 诉讼代理人 訴訟代理人 法定代理人
        法定代表人 执行员 仲裁员
        """
    ),
    *spread("审判长", "审判员", "书记员", "審判長", "書記員"),
    *DESCRIBED,
)
PARTY = re.compile(r"(?:[(（][^()（）\n]{1,16}[)）])?(?:[:：][ \t\u3000]{0,4}|[ \t\u3000]{0,4})")
ENDED_PARTY = re.compile(rf"(?![{HAN}])")
VERBS = "犯系因诉訴辩辯称稱不与與和在于於及的对對以为為自向未经均所承支偿应應共涉驾供已被提认主归将持等到伙"
"""Characters that go on in a sentence of a judgment."""
UNLIKELY = frozenset("向于时方任安成付余万萬常许全平明")
"""Family names that are mostly other words before the verb of a sentence."""
CAUSES = re.compile(
    "离婚|借贷|民间|买卖|借款|合同|房屋|租赁|劳动|劳务|机动车|侵权|健康|生命|名誉|物业|继承|抚养|赡养|追偿|确认|返还|排除|金融|盗窃|诈骗|故意|危险|交通|"
    "贪污|受贿|寻衅|非法|离婚|離婚|買賣|遷讓|侵權|竊盜|詐欺"
)
SAID_TO_BE = re.compile(
    "[，,（(][ ]?[0-9]{1,3}岁|"
    "[，,][ ]?(?:曾用名|绰号|男|女|[汉回满壮苗藏]族|[0-9]{4}年)|[（(](?:男|女|身份|以下|反诉|系|曾|公民)"
)


def find_party(text: bytes, start: int, stop: int, settings: Settings) -> Iterator[Span]:
    """The name after a role in a court."""
    if HAN_BYTE.search(text, stop, stop + 24) is None:
        return
    _, label, window = around(text, start, stop, 0, MAX_BYTES)
    party = PARTY.match(window)
    place = party.end() if party else 0
    end = _party_end(window, place)
    if not end:
        return
    is_field = place > 0 and window[place - 1] not in ")）"
    is_ended = ENDED_PARTY.match(window, end) is not None
    family = window[place]
    is_usual = family in FREQUENT - ALSO_WORDS or window[place : place + 2] in COMPOUND
    is_rare = family not in NOT_TITLED and family not in UNLIKELY and (is_ended or end - place == 3)
    is_told = is_usual or (is_field and is_ended) or (is_rare and label not in VAGUE)
    if (is_told and label not in DESCRIBED) or SAID_TO_BE.match(window, end):
        yield _span(text, stop, window, place, end, FORM, "person_party")
        yield from _listed(text, stop, end)


def _party_end(window: str, place: int) -> int:
    """Where a name in a court ends, or 0: what goes on in the sentence is no part of it."""
    family = _family(window, place)
    for length in (2, 1) if family else ():
        stop = place + family + length
        value, follows = window[place:stop], window[stop : stop + 1]
        if not _is_long(value, family + length) or _is_word(value) or value[family] in VERBS:
            continue
        is_ended = not _is_han(follows or " ")
        goes_on = follows in VERBS or CAUSES.match(window, stop) is not None
        if is_ended or (goes_on and value[-1] not in VERBS):
            return stop
    return 0


# 北京市……12号 张三收

WITHOUT_TITLE = re.compile("[ ]?(?:先生|女士|小姐|老师|同学)?[ ]?[(（]?\\Z")
HOUSE = re.compile("(?:[号號室层層楼樓座栋棟幢户戶村组組院厦]|[0-9]{3,6}) {0,2}\\Z")


def find_receiver(text: bytes, start: int, stop: int, settings: Settings) -> Iterator[Span]:
    """The name between an address and 收, as envelopes have it."""
    if start < 7 or HAN_BYTE.match(text, stop):
        return
    before, _, _ = around(text, start, stop, 48, 0)
    core = WITHOUT_TITLE.sub("", before)
    for length in (4, 3, 2):
        value, rest = core[-length:], core[:-length]
        gap = rest.rstrip(" \u3000,，\n")
        is_known = (value[:1] in (SURNAMES if gap != rest else FREQUENT) and length < 4) or value[:2] in COMPOUND
        if is_known and _is_long(value, length) and not _is_word(value) and HOUSE.search(gap):
            first = start - len(before[len(rest) :].encode())
            yield Span(first, first + len(value.encode()), FORM, "person_receiver")
            return


SAYING = ("我叫", "我名叫", "我的名字叫", "我的名字是", "我是", "叫做", "名叫", "敝姓")


def find_said(text: bytes, start: int, stop: int, settings: Settings) -> Iterator[Span]:
    """`我叫张伟`"""
    if HAN_BYTE.match(text, stop) is None:
        return
    before, word, window = around(text, start, stop, 3, 48)
    end = read(window, 0)
    if before.endswith(("《", "〈")) or window[end : end + 1] in ("》", "〉"):
        return
    if end and not _is_han(window[end : end + 1] or " ") and window[end - 1] not in "人":
        is_own = word in ("我叫", "我名叫", "我的名字叫", "我的名字是")
        if is_own or _is_frequent(window, 0, end):
            yield _span(text, stop, window, 0, end, FORM if is_own else WEAK, "person_said")


LINK = re.compile(
    "(?:[的是和与與跟给給对對着了过把被让讓叫请請问問找由为為到从從及或、聘见見帮幫陪派等在]|联系|聯絡|联络|通知|感谢|感謝|致电|致電|转告|邀请|邀請|"
    "委托|咨询|经理|主任|嘉宾|拜访|介绍|认识|代表|采访|告诉|拨打|院长|作者|帮助|幫助|遇到|谢谢|謝謝|您好|你好|这位|這位|那位|客户|客戶|顾客)\\Z"
)
ADDRESSED = re.compile(
    "(?:致电|致電|尊敬的|敬爱的|敬愛的|联系人|聯絡人|联络人|申请人|申請人|收件人|收货人|客户|顾客)[:： ]{0,2}\\Z"
)
AFTER_TITLE = re.compile(
    "[点點们們载載记記录錄法后後]|学[位会者]|學[位會者]|生(?:导|導|涯)|事务所|事務所|学院|學院|资格|資格|负责制|負責制|制度?|级别|级以|职称|職稱|医院|醫院"
)
"""What makes another word of a title: 博士点, 经理法."""
BEFORE_TITLE = re.compile(
    "(?:[的了是任为為兼当當聘副该該各某位名个個座等级級太老那边邊]|辩护|辯護|代理|特约|特聘|执业|執業|实习|實習|值班|主治)\\Z"
)


def find_titled(text: bytes, start: int, stop: int, settings: Settings) -> Iterator[Span]:
    """A family name, and up to two characters of a given one, before a title such as 先生."""
    if start < 3 or HAN_BYTE.match(text, start - 3) is None:
        return
    before, title, after = around(text, start, stop, 24, 12)
    if title not in ("先生", "女士", "小姐") and AFTER_TITLE.match(after):
        return
    for length in (4, 3, 2, 1):
        value = before[-length:]
        known = SURNAMES if title in PERSONAL or length == 1 else FREQUENT
        if value[0] not in known and value[:2] not in COMPOUND:
            continue
        if len(value) == length and _is_han(value) and _is_titled(value, before[:-length], title in PERSONAL):
            first = start - len(value.encode())
            yield Span(first, start, FORM if ADDRESSED.search(before[:-length]) else WEAK, "person_title")
            return


def _is_titled(value: str, before: str, is_personal: bool) -> bool:
    """Whether a value before a title is a name; a longer one must stand after what is no part of it."""
    is_compound = value[:2] in COMPOUND
    n_given = len(value) - 1 - is_compound
    if n_given not in (0, 1, 2) or value[:2] in NOT_NAMES or (value[0] in NOT_TITLED and not is_compound):
        return False
    is_first = not _is_han(before[-1:] or " ") or LINK.search(before) is not None
    if n_given == 0 and not is_compound:
        return value not in "任向" and (is_first or value in FREQUENT - ALSO_WORDS)
    if BEFORE_TITLE.search(value) or (value[0] == "任" and not is_personal):
        return False
    return is_first


# 氏名：山田太郎, 이름: 김철수

JAPANESE_LABELS = listed(
    """
    氏名 お名前 ご氏名 名前 担当者 ご担当者 申込者 受取人 届出人 契約者 患者名 会員名 連絡先氏名
    """
)
JAPANESE_NAME = re.compile(
    rf"([{HAN}ヶケ]{{1,4}})[ \u3000]([{HAN}ぁ-ヶー]{{1,5}}?)(?=様|さん|殿|[^{HAN}ぁ-ヶー]|\Z)|"
    rf"([{HAN}ヶケ]{{2,7}}?)(?=様|さん|殿|[^{HAN}ぁ-ヶー]|\Z)"
)
KOREAN_LABELS = (
    "이름",
    "성명",
    "성함",
    "담당자",
    "예금주",
    "수령인",
    "고객명",
    "신청인",
    "받는 사람",
    "보내는 사람",
    "환자명",
    "대표자",
)
KOREAN_NAME = re.compile(r"[가-힣]{2,4}(?=님|씨|입니다|[^가-힣]|\Z)(?<!님)|[가-힣]{2,4}?(?=님|씨|입니다)")
FIELD = re.compile(r"[\"'*】\]]{0,2}[ \t\u3000]{0,4}[:：|][ \t\u3000]{0,4}[\"'*]{0,2}")


def find_japanese(text: bytes, start: int, stop: int, settings: Settings) -> Iterator[Span]:
    """A widespread Japanese family name and what follows it, in a field of a form."""
    _, _, window = around(text, start, stop, 0, MAX_BYTES)
    field = FIELD.match(window)
    match = field and JAPANESE_NAME.match(window, field.end())
    if not match:
        return
    whole = match[3] or ""
    if match[1] in JAPANESE or any(whole[:n] in JAPANESE and len(whole) > n for n in (2, 3)):
        yield _span(text, stop, window, match.start(), match.end(), FORM, "person_form")


def find_korean(text: bytes, start: int, stop: int, settings: Settings) -> Iterator[Span]:
    """A Korean family name and one or two syllables, in a field of a form."""
    _, _, window = around(text, start, stop, 0, MAX_BYTES)
    field = FIELD.match(window)
    match = field and KOREAN_NAME.match(window, field.end())
    if match and ((match[0][0] in KOREAN and len(match[0]) < 4) or match[0][:2] in KOREAN):
        yield _span(text, stop, window, match.start(), match.end(), FORM, "person_form")


RULES = (
    Rule("person", marks.WORDS, find_labelled, LABELS),
    Rule("person", marks.WORDS, find_party, PARTIES),
    Rule("person", marks.WORDS, find_receiver, ("收",)),
    Rule("person", marks.WORDS, find_said, SAYING),
    Rule("person", marks.WORDS, find_titled, TITLES),
    Rule("person", marks.WORDS, find_japanese, JAPANESE_LABELS),
    Rule("person", marks.WORDS, find_korean, KOREAN_LABELS),
)
