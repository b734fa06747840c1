"""Persons behind labels that tell by their end that a person follows (就诊人：, `Name of bearer:`, `"userName":`), or
behind words that hand something over (`payable to`), in vCards, and on the line above the title of a job.

A label may be anything that ends so, and so what follows it must look more like a name than behind labels of forms that
are listed (see `names` and `names_chinese`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from . import latin_names, marks, names_chinese
from .known_names import folded, is_given, is_known, listed
from .known_names_chinese import ALSO_WORDS, COMPOUND, FREQUENT
from .latin_names import Name, is_name
from .names_chinese import HAN, HAN_BYTE, PLACES
from .rule import Rule, Settings, Span, around

FORM, LIKELY = 0.6, 0.5
MAX_BYTES, LIST_BYTES, MAX_LISTED = 120, 900, 30

# 就诊人：张三

ROLES = listed(
    """
    人 者 员 員 师 師
    医生 醫生 学生 學生 考生 新生 女生 男生 研究生 毕业生 畢業生 实习生 實習生 校长 校長 院长 院長 局长 局長 处长
    處長 科长 科長 部长 部長 组长 組長 班长 班長 队长 隊長 会长 會長 社长 社長 厂长 廠長 店长 店長 团长 團長 船长 船長
    机长 機長 家长 家長 市长 市長 县长 縣長 镇长 鎮長 乡长 鄉長 村长 村長 所长 所長 站长 站長 行长 董事长 董事長 园长
    車主 车主 业主 業主 房主 户主 戶主 货主 貨主 失主 店主 机主 機主 债主 雇主 买主 賣主 卖主 物主 姓名 签名 簽名 署名
    芳名 真名 户名 戶名 卖方 賣方 买方 買方 丙方 借方 贷方 顾客 顧客 旅客 乘客 游客 访客 訪客 住客 租客 嘉宾 嘉賓
    家属 家屬 亲属 親屬 父亲 父親 母亲 母親 爸爸 妈妈 媽媽 丈夫 妻子 儿子 兒子 女儿 女兒 配偶 室友 老师 老師 教练 教練
    主任 经理 經理 总监 總監 教授 博士 法官 警官 护士 護士 大夫 主编 主編 导演 導演 编剧 編劇 秘书 秘書 司机 司機 主席
    书记 書記 原告 被告 导师 導師 讲师 講師 新娘 新郎 作者简介 作者簡介
    """
)
"""Ends of labels that say who somebody is."""
DEEDS = listed(
    """
    主讲 主講 主持 责编 編輯 编辑 摄影 攝影 翻译 翻譯 校对 校對 审核 審核 审批 審批 批准 复核 覆核 制表 製表 制单 经办
    經辦 承办 承辦 记录 記錄 申请 申請 收款 付款 开户 账户 帳戶 賬戶 帐户 用户 用戶 客户 客戶 户头 抬头 抬頭 启事 啟事
    代表 会计 會計 出纳 出納 助理 客服 管家 顾问 顧問 专家 專家 朋友 孩子 作词 作曲 演唱 歌手 主播 主演
    人名单 人名單 员名单 員名單 者名单 者名單 师名单 師名單 学生名单 學生名單 考生名单 专家名单 專家名單
    评委名单 嘉宾名单 代表名单 抄送 抄報 出席 列席 缺席 请假 請假 参会 與會 与会
    """
)
"""Ends of labels that may name other things as well."""
SPACES = re.compile(r"[ \t\u3000]{0,6}[\"'“*_【]{0,3}")
HAN_LABEL = re.compile(rf"[{HAN}]{{1,12}}\Z")
BRACKETED = re.compile(rf"(?P<label>[{HAN}]{{1,12}})[（(][^（）()\n]{{1,12}}\Z")
BORDER = re.compile(
    rf"(?![{HAN}ぁ-ヿ?？!！~～…》〉])(?![ ]?[:：=（(][^ ])|[（(](?:男|女|[0-9]|身份|电话|電話|手机|签|簽|先生|女士)|"
    r"性别|性別|年龄|年齡|电话|電話|手机|手機|身份|证件|联系|地址|住址|出生|先生|女士|小姐|[和及与與](?=[^\W\d_])|"
    r"[（(][^（）()\n:：，。]{0,12}(?:代表|组长|組長|成员|成員|专家|專家|教授|主任|经理|經理|委员|委員|主席|老师|老師|秘书|[部科处處室局院所]|公司|大学|大學)[）)]"
)
"""What may stand behind a name: neither more of a sentence nor what makes an exclamation or another label of it."""
WEEKDAY = re.compile("周[一二三四五六日末天]")
SENTENCE = "吗呢吧啊呀哦嘛了的着过是在有到说就都也很不没么啦哈们人家事物会能可要想用好行对错"
"""Characters that end what somebody says, and seldom names."""
NEXT = re.compile("(?:[（(][^（）()\n]{1,20}[）)])?[ ]?[、/／，,；;和及与與][ ]?")


def chinese_end(window: str, place: int, is_sure: bool) -> int:
    """Where the Chinese name that begins at a character ends, or 0; its family name must be frequent if it is not sure
    that a person stands there."""
    end = names_chinese.read(window, place)
    if not end or end - place < 2 or window[end - 1] in SENTENCE or BORDER.match(window, end) is None:
        return 0
    value = window[place:end]
    if WEEKDAY.fullmatch(value):
        return 0
    is_usual = value[0] in FREQUENT and (value[0] not in ALSO_WORDS or len(value) == 3) and value[-1] not in PLACES
    return end if is_sure or is_usual or value[:2] in COMPOUND or "·" in value else 0


def find_chinese(text: bytes, start: int, stop: int, settings: Settings) -> Iterator[Span]:
    """The name behind a colon of a label that ends in a word for a person, and those listed behind it."""
    if HAN_BYTE.search(text, stop, stop + 8) is None:
        return
    before, word, window = around(text, start, stop, 60, MAX_BYTES)
    label = _chinese_label(before, word)
    is_sure = label.endswith(ROLES)
    if not is_sure and not label.endswith(DEEDS):
        return
    place = SPACES.match(window).end()  # type: ignore[union-attr]
    end = chinese_end(window, place, is_sure)
    if end:
        _, _, window = around(text, start, stop, 0, LIST_BYTES)
    for _ in range(MAX_LISTED):
        if not end:
            return
        yield _span(text, stop, window, place, end, FORM if is_sure else LIKELY)
        comma = NEXT.match(window, end)
        place = comma.end() if comma else len(window)
        end = chinese_end(window, place, False)


def _chinese_label(before: str, word: str) -> str:
    """The label that a mark such as `人：` or `）：` ends."""
    if word[0] == "）":
        bracketed = BRACKETED.search(before)
        return bracketed["label"] if bracketed else ""
    label = HAN_LABEL.search(before)
    return (label[0] if label else "") + word.rstrip(":：")


def _span(text: bytes, first: int, window: str, place: int, end: int, score: float) -> Span:
    start = first + len(window[:place].encode())
    return Span(start, start + len(window[place:end].encode()), score, "person_label")


OWN = re.compile(rf"(?:^|[^{HAN}A-Za-z0-9]|您好|你好|大家好)\Z")
SAID_OF_SELF = re.compile(r"[，,。.！!；;]|[ ]?\Z|\n")


def find_own(text: bytes, start: int, stop: int, settings: Settings) -> Iterator[Span]:
    """`我是张小明，` where a sentence begins: three characters with a frequent family name."""
    if HAN_BYTE.match(text, stop) is None:
        return
    before, _, window = around(text, start, stop, 9, 24)
    end = names_chinese.read(window, 0)
    is_usual = window[0] in FREQUENT - ALSO_WORDS or window[:2] in COMPOUND
    is_full = end >= 3 and is_usual and window[end - 1] not in SENTENCE
    if is_full and OWN.search(before) and SAID_OF_SELF.match(window, end):
        yield _span(text, stop, window, 0, end, LIKELY)


# Name of bearer: Jane Roe, "userName": "张三"

PERSONS = listed(
    """
    bearer holder guest attorney doctor physician dentist surgeon nurse teacher tutor coach landlord tenant payee payer
    recipient sender attendee attendees speaker speakers patient student pupil employee supervisor lecturer instructor
    professor lawyer solicitor counsel notary witness applicant claimant beneficiary grantor grantee lessor lessee buyer
    seller purchaser borrower lender guarantor trustee executor heir spouse husband wife father mother son daughter
    brother sister guardian parent child nominee insured policyholder passenger traveler traveller driver rider pilot
    captain resident occupant homeowner householder subscriber cardholder shareholder donor interviewer interviewee
    candidate defendant plaintiff petitioner respondent complainant appellant victim suspect officer inspector
    detective investigator examiner reviewer secretary treasurer chairman chairwoman chairperson president director
    principal dean accountant auditor bookkeeper broker realtor consultant therapist psychologist pharmacist
    veterinarian technician clerk cashier waiter barber stylist photographer author editor translator organizer
    organiser moderator facilitator presenter panelist participant participants registrant volunteer consignee
    consignor shipper addressee signatory signer undersigned deceased decedent bride groom caller visitor
    inhaber inhaberin mieter mieterin vermieter fahrer empfänger absender antragsteller versicherter bevollmächtigter
    patientin titulaire patiente locataire bénéficiaire demandeur médecin titular paciente beneficiario solicitante
    arrendatario inquilino médico paziente richiedente intestatario beneficiário requerente
    """
)
"""Ends of labels that say who somebody is."""
VAGUE = listed(
    """
    manager owner agent contact customer client member members author authors host lead creator maintainer
    contributor approver requester assignee reporter to from by attn with executive signature signed engineer designer
    developer responsible person present absent apologies contributors maintainers reviewers panelists recipients
    """
)
"""Ends of labels that may name other things as well, so that the given name behind them must be a known one."""
SHORT = frozenset(("to", "from", "by", "with", "attn"))
"""Those of them that must be words of their own."""
KEYS = ("name", "fullname")
FORMS = ("{}:", '{}":', "{} :", "{}**:", "{}':", "{}>", "{}=")
"""How a label may end; only that of a key of data in the last three ways."""
WHOSE = re.compile(
    r"(?:user|real|full|contact|customer|client|guest|patient|student|pupil|teacher|employee|staff|member|person|author|"
    r"owner|sender|receiver|recipient|buyer|seller|payee|payer|driver|passenger|traveler|doctor|physician|nurse|holder|"
    r"applicant|father|mother|parent|guardian|spouse|child|beneficiary|tenant|landlord|operator|creator|consignee|"
    r"signer|attendee|speaker|bearer|manager|supervisor|agent|legal|emergency|visitor|candidate|caller|resident|donor|"
    r"billing|shipping|delivery|display|printed|given|complete|insured|claimant|subscriber|participant|leader|insurer)"
    r"(?:['’]?s?)?[ _-]{0,2}\Z",
    re.IGNORECASE,
)
"""What stands before `name` in a label that names a person."""
NO_PERSON = re.compile(
    r"(?:agency|company|organi[sz]ation|org|product|school|team|project|country|city|class|file|department|dept|store|"
    r"shop|brand|entity|host|domain|table|column|field|event|device|model|app|package|group)[ _-]?"
    r"(?:full|display|legal|complete|real|given)[ _-]?\Z",
    re.IGNORECASE,
)
VALUE = re.compile(r"[\"'*_]{0,3}[ \t]{0,12}[\"'“*_]{0,3}(?=[^\W\d_])")
END = re.compile(
    r"[\"'”*_]{0,3}[ \t]{0,4}(?:\Z|[\r\n\t,;|()<\[\]\"”。，；、（]|\.(?!\w)|[-–—] |  )|[ ](?:and|&) (?=[A-Z])|"
    r"[\"'](?=[ ][\w:-]{1,20}=|[ ]?/?>)"
)
LINE_END = re.compile(r"[\"'”*_]{0,3}[ \t,]{0,4}(?:\Z|[\r\n\"”|<])")
LATIN_NEXT = re.compile(
    r"(?:(?:,[^,;:\n]{1,50}| \([^()\n]{1,40}\)| [-–—] [^,;:\n]{1,50})?;|(?: \([^()\n]{1,40}\))?,| and| &)(?: and)?[ ]"
    r"(?=[^\W\d_])"
)
"""What stands between names; before a semicolon, or in brackets, there may be what somebody is."""
LIKE_NAME = re.compile(
    rb"[ \t\"'*_]{0,16}(?:\xe2\x80\x9c)?(?:[\xe3-\xe9]|(?:[A-Z]|[\xc3-\xd5].)(?:[^\x00-,/:-@[-`{-\x7f]|')*[., ]{1,2}"
    rb"(?:[a-z]{1,3} ){0,2}[A-Z\xc3-\xd5])",
    re.DOTALL,
)
"""What a value must begin like: most do not."""
SIGHTS = frozenset(
    listed(
        "amalie beach falls island islands valley springs creek hole heights texas lake river bay hills peak station "
        "airport hospital clinic cathedral hotel inn motors foods pharma bakery"
    )
)
"""Last words of places and firms that begin like a person."""


def find_field(text: bytes, start: int, stop: int, settings: Settings) -> Iterator[Span]:
    """The name behind a label or key that ends in a word for a person."""
    if LIKE_NAME.match(text, stop, stop + 60) is None:
        return
    before, word, window = around(text, start, stop, 24, MAX_BYTES)
    role = re.match(r"[^\W\d_]+", word.lower())[0]  # type: ignore[index]
    value = VALUE.match(window)
    if not value or not _is_label(role, before):
        return
    if end := chinese_end(window, value.end(), role not in VAGUE):
        yield _span(text, stop, window, value.end(), end, FORM)
        return
    is_sure = role not in VAGUE and word[-1] not in "=>"
    name = person(window, value.end(), is_sure)
    if name:
        _, _, window = around(text, start, stop, 0, LIST_BYTES)
    for _ in range(MAX_LISTED):
        if not name:
            return
        yield latin_names.span(text, stop, window, name, FORM if is_sure else LIKELY, "person_label")
        comma = LATIN_NEXT.match(window, name.stop)
        is_next = comma is not None and (";" in comma[0] or "," not in window[name.start : name.stop])
        name = person(window, comma.end(), False) if comma and is_next else None


def _is_label(role: str, before: str) -> bool:
    """Whether what stands before the end of a label makes it one of a person."""
    if role in KEYS:
        return WHOSE.search(before) is not None and NO_PERSON.search(before) is None
    return role not in SHORT or not before[-1:].isalnum()


def person(window: str, place: int, is_sure: bool) -> Name | None:
    """The name of a person at a place, `Roe, Jane` too: it begins with a known given name; where it is sure that a
    person stands there, it may be known in another way or fill the line."""
    name = latin_names.read(window, latin_names.TITLE.match(window, place).end())  # type: ignore[union-attr]
    if name is None:
        return None
    if len(name.words) < (3 if is_sure else 2) and (turned := _turned(window, name, is_sure)):
        return turned
    if not 2 <= len(name.words) <= 4 or not END.match(window, name.stop) or folded(name.words[-1]) in SIGHTS:
        return None
    is_whole = LINE_END.match(window, name.stop) is not None and len(name.words) < 4 and len(name.words[-1]) > 1
    is_person = is_given(name.words[0]) or (is_sure and (is_known(name.words) or is_whole))
    return name if is_person and is_name(name.words, is_sure) else None


def _turned(window: str, last: Name, is_sure: bool) -> Name | None:
    """The name that begins with its last part, if a known given name fills the rest of the line."""
    first = latin_names.read(window, last.stop + 2, 3) if window.startswith(", ", last.stop) else None
    if first is None or len(first.words) > 2 or not is_given(first.words[0]) or is_given(last.words[0]):
        return None
    is_whole = LINE_END.match(window, first.stop) is not None or window.startswith("; ", first.stop)
    is_person = is_whole and is_name([*first.words, *last.words], is_sure)
    return Name(last.start, first.stop, [*first.words, *last.words]) if is_person else None


# payable to Jane Roe

HANDING = (
    "payable to", "in favour of", "in favor of", "to the order of", "issued to", "registered to", "care of", "c/o",
    "on behalf of", "made out to", "addressed to", "awarded to", "presented to", "belongs to", "delivered to",
    "prescribed to", "prescribed by", "represented by", "certify that", "i, the undersigned,", "i,",
)  # fmt: skip
BOUND = re.compile(r"[ ](?:at|on|from|by|for|in|of|and|or|with|has|is|was|who)\b|[,.!?;:)(\"”\r\n]|\Z")


def find_handed(text: bytes, start: int, stop: int, settings: Settings) -> Iterator[Span]:
    """A known given name and what follows it, after words that hand something over."""
    if text[stop : stop + 1] != b" ":
        return
    _, _, window = around(text, start, stop, 0, 100)
    name = latin_names.read(window, latin_names.TITLE.match(window, 1).end(), 4)  # type: ignore[union-attr]
    if name is None or len(name.words) < 2 or not is_given(name.words[0]) or not is_name(name.words):
        return
    if BOUND.match(window, name.stop) and folded(name.words[-1]) not in SIGHTS:
        yield latin_names.span(text, stop, window, name, FORM, "person_label")


# FN:Jane Roe

CARD_BYTES = 300
CARD = re.compile(rb"(?i)vcard")
PARAMETERS = re.compile(r"(?:;?[A-Za-z0-9=_\"-]{1,40}){0,4}:")


def find_card(text: bytes, start: int, stop: int, settings: Settings) -> Iterator[Span]:
    """`FN:` and `N:` of a vCard (RFC 6350, sections 6.2.1 and 6.2.2)."""
    if (start and text[start - 1] != 10) or not CARD.search(text, max(0, start - CARD_BYTES), start):
        return
    _, _, window = around(text, stop - 1, stop - 1, 0, MAX_BYTES)
    head = PARAMETERS.match(window)
    if not head:
        return
    whole = re.match(r"[^\r\n]*", window[head.end() :])[0].rstrip(" ;")  # type: ignore[index]
    is_person = is_name([word for word in re.split("[; ]", whole) if word[:1].isalpha()])
    if is_person or chinese_end(whole.replace(";", ""), 0, True):
        yield _span(text, stop - 1, window, head.end(), head.end() + len(whole), FORM)


# Jane Roe\nSales Manager

JOBS = (
    *listed(
        """
        CEO CTO CFO COO professor manager engineer director president founder attorney consultant developer designer
        analyst editor accountant architect scientist officer coordinator administrator specialist secretary
        """
    ),
    *listed("经理 經理 总监 總監 工程师 工程師 主任 教授 董事长 董事長 总裁 總裁 设计师 顾问 律师 律師 秘书 会计"),
)
LINES = re.compile(
    r"(?:^|\n)[ \t*_>#]{0,4}(?P<name>[^\n]{2,40}?)[ \t*_]{0,4}\r?\n[ \t*_]{0,4}(?P<job>[^\n.:;!?]{0,40})\Z"
)


def find_above(text: bytes, start: int, stop: int, settings: Settings) -> Iterator[Span]:
    """A name alone on the line above the title of a job."""
    if text[stop : stop + 1] not in (b"\n", b"\r", b"", b",", b"*"):
        return
    before, job, _ = around(text, start, stop, 160, 0)
    lines = LINES.search(before)
    if not lines or not _is_job(lines["job"], job):
        return
    window = lines["name"]
    if _is_alone(window):
        yield _span(text, start - len(before.encode()), before, *lines.span("name"), LIKELY)


def _is_alone(line: str) -> bool:
    """Whether a line holds a name and nothing else."""
    if chinese_end(line, 0, False) == len(line):
        return True
    name = latin_names.read(line, 0, 4)
    is_whole = name is not None and name.stop == len(line) and len(name.words) > 1
    return name is not None and is_whole and person(line, 0, False) is not None


def _is_job(before: str, job: str) -> bool:
    """Whether a line is a title of a job: all of its words begin with capitals, or it is Chinese and short."""
    words = [word for word in re.split(r"[ ,&/-]+", before + job) if word]
    is_chinese = re.fullmatch(rf"[{HAN} ]{{2,14}}", before + job) is not None
    is_titled = all(word[0].isupper() or word in ("of", "and", "the", "for") for word in words)
    return is_chinese or (len(words) <= 6 and is_titled)


RULES = (
    Rule(
        "person",
        marks.WORDS,
        find_chinese,
        tuple(role + colon for role in (*ROLES, *DEEDS, "）") for colon in (":", "：", " ：")),
    ),
    Rule("person", marks.WORDS, find_own, ("我是",)),
    Rule(
        "person",
        marks.ENDS,
        find_field,
        tuple(form.format(role) for role in (*PERSONS, *VAGUE, *KEYS) for form in FORMS[: None if role in KEYS else 4]),
    ),
    Rule("person", marks.WORDS, find_handed, HANDING),
    Rule("person", marks.WORDS, find_card, ("fn:", "fn;", "n:", "n;")),
    Rule("person", marks.WORDS, find_above, JOBS),
)
