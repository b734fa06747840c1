"""Postal addresses in Chinese (from province to room), Japanese (丁目) and Korean (로, 길).

A Chinese address has no spaces: what stands before a road and its number is read back as administrative levels, and
begins at the first of them, which is a known province or city, or stands where something begins.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from . import marks
from .known_names import listed
from .rule import Rule, Settings, Span, around

LABELLED, FULL, SHORT, WEAK = 0.9, 0.6, 0.5, 0.4
HAN = "㐀-䶿一-鿿〇"
DIGITS = "0-9０-９"
NUMBER = rf"(?:[{DIGITS}]{{1,5}}|[一二三四五六七八九十百零〇]{{1,5}})"
BEFORE_BYTES, AFTER_BYTES = 150, 210

PROVINCES = "|".join(
    listed(
        """
        北京 上海 天津 重庆 重慶 河北 山西 辽宁 遼寧 吉林 黑龙江 黑龍江 江苏 江蘇 浙江 安徽 福建 江西 山东 山東
        河南 湖北 湖南 广东 廣東 海南 四川 贵州 貴州 云南 雲南 陕西 陝西 甘肃 甘肅 青海 内蒙古 內蒙古 广西 廣西
        西藏 宁夏 寧夏 新疆 香港 澳门 澳門 台湾 臺灣 台灣
        """
    )
)
CITIES = "|".join(
    listed(
        """
        广州 廣州 深圳 杭州 南京 苏州 蘇州 成都 武汉 武漢 西安 长沙 長沙 郑州 鄭州 青岛 青島 大连 大連 宁波 寧波
        厦门 廈門 福州 济南 濟南 合肥 昆明 沈阳 瀋陽 哈尔滨 哈爾濱 长春 長春 石家庄 石家莊 太原 南昌 南宁 南寧
        贵阳 貴陽 兰州 蘭州 海口 三亚 乌鲁木齐 呼和浩特 银川 西宁 拉萨 无锡 常州 东莞 佛山 珠海 惠州 中山 温州
        嘉兴 绍兴 金华 台州 南通 徐州 扬州 泉州 烟台 潍坊 洛阳 唐山 保定 臺北 台北 新北 桃園 臺中 台中 臺南 台南
        高雄 基隆 新竹 嘉義 苗栗 彰化 南投 雲林 屏東 宜蘭 花蓮 臺東 台東 澎湖 金門 連江
        石嘴山 嘉峪关 张家口 秦皇岛 葫芦岛 牡丹江 佳木斯 双鸭山 七台河 齐齐哈尔 连云港 张家港 马鞍山 景德镇 平顶山
        三门峡 驻马店 张家界 防城港 攀枝花 六盘水 克拉玛依 鄂尔多斯 满洲里 都江堰 井冈山
        """
    )
)
PROVINCE = rf"(?:{PROVINCES})(?:维吾尔|壮族|回族)?(?:特别行政区|自治区|省|市)?"
LEVEL = re.compile(
    rf"(?:[{HAN}]{{1,7}}?(?:自治州|自治县|地区|地區|街道|新区|新區|开发区|開發區|[市州盟区區县縣旗镇鎮乡鄉村])|九龙|九龍|新界)"
)
KNOWN = re.compile(rf"(?:{PROVINCE}|(?:{CITIES})[市縣县]?)(?![东西南北中東]?大?[路街道巷])")
"""A province or city that no road is named after there."""
TOWN = re.compile(
    f"(?<![大小城都每各本该該全两兩])[{HAN}]{{2}}(?:(?<![城县縣都门門超夜早菜上股楼樓])市(?![场場民委值]|中心)|(?<![市郡各])[县縣](?![城委长長人]))"
)
"""A city or county whose name has two characters, as most have."""
LEVELLED = re.compile(f"(?:{PROVINCES}|{CITIES})|[市区區县縣镇鎮]")
ZIP_BEFORE = re.compile(rf"(?<![{DIGITS}A-Za-z_.:/-])[{DIGITS}]{{3}}(?:[{DIGITS}]{{2,3}})?[ \u3000]?\Z")
LEADING = re.compile(
    "位于|位於|坐落于|坐落在|居住在|居住于|住在|现住|現住|家住|地址是|地址为|地址為|地址在|寄到|寄至|送到|送至|搬到|搬至|迁至|遷至|前往|驻地|止於|止于|设于|設於|设在|設在|"
    "迁往|遷往|移至|迁址|遷址|政府[驻駐]|地址|旧址|老家|门牌号|門牌號|途经|途經|经过|經過|路过|路過|沿着|沿著|快递|回到|拐进|走进|搬进|住进|进入"
)
PLACED = re.compile(
    "(?:位于|位於|座落於|坐落于|坐落在|坐落於|居住在|居住于|住在|现住|現住|家住|地址是|地址为|地址為|地址在|寄到|寄至|送到|送至|搬到|搬至|"
    "迁至|遷至|设于|設於|设在|設在|迁往|遷往|移至|迁址|遷址)(?:中国|中國|中华人民共和国|原)?\\Z"
)
STARTS = re.compile(
    "[住於至到往是为為去寄送址了与與及今现現的驻]|在(?!平)|于(?![都田洪])|[从從](?![化江])|即(?!墨)|原(?![县縣区區市])|[经經](?![济濟开開一二三四五六七八九])|"
    "(?<![太永嘉泰中仁义])和(?![平县縣顺龙田政林园園谐睦兴興])"
)
MAX_CHAIN, MAX_ROAD = 40, 10
LABEL = re.compile(
    "(?:地址|住址|住所|住处|住處|户籍|戶籍|所在地|邮寄|收件|收货|送货|家庭|寄往|寄送)[^\n，。；]{0,4}[:：|]"
    "[ \t\u3000]{0,4}[\"'“]?\\Z"
)

PART = f"[{DIGITS}A-Za-z一二三四五六七八九十甲乙丙丁]{{1,5}}(?:[-－—之][{DIGITS}A-Za-z]{{1,5}}){{0,3}}[ ]?"
UNITS = "号楼|號樓|号院|栋|棟|幢|座|塔|单元|單元|层|層|楼|樓|室|户|戶|房|门|門|号|號|段|巷|弄|组|組|区|區|期|院"
DETAIL = f"(?:{PART}(?:{UNITS})(?:之[{DIGITS}]{{1,3}})?|[{DIGITS}]{{3,5}}(?![{DIGITS}年月日元个]))"
PLACES = (
    "大厦|大廈|大楼|大樓|广场|廣場|中心|花园|花園|小区|小區|社区|社區|公寓|家园|家園|苑|新村|写字楼|工业园|科技园|"
    "软件园|产业园|公馆|国际|大院|学院|大学|大學|宿舍"
)
SAID = "的是在有为為和與与及等处處到从從於了也都就去来來找第共约約"
"""Characters that sentences hold, and names of estates do not."""
NAMED = f"(?:(?![{SAID}])[{HAN}A-Za-z])"
PLACE = f"(?:{NAMED}{{1,10}}?(?:{PLACES})(?:[东西南北東主副][楼樓座塔])?)"
BUILDING = f"[{DIGITS}A-Za-z甲乙丙丁]{{1,5}}[ ]?(?:号楼|號樓|栋|棟|幢|座|单元|室)"
ESTATE = f"(?:(?![一两兩])(?:{NAMED}|(?<!第)[{DIGITS}](?=[期号])){{2,8}}?(?={BUILDING}))"
SECTION = f"(?:[东西南北中東][路街段]|[{DIGITS}一二三四五六七八九十]{{1,3}}段)?[ ]?(?:甲|乙|附)?"
LANES = f"(?:[{DIGITS}]{{1,4}}[巷弄])?(?:[{DIGITS}]{{1,4}}弄)?"
NUMBERED = re.compile(
    f"{SECTION}(?:{LANES}{NUMBER}(?:[-－—之][{DIGITS}]{{1,4}}){{0,2}}(?:号院|号|號|弄)(?![线線码碼文令])"
    f"(?:之[{DIGITS}]{{1,3}})?|[A-Za-zＡ-Ｚ]座)"
)
REST = re.compile(rf"(?:[ ]?(?:{DETAIL}|{PLACE}(?={DETAIL}|[^{HAN}]|\Z)|{ESTATE}))")
ZIP_AFTER = re.compile(rf"[ ,，（(]{{1,2}}(?:邮编|郵編|邮政编码)?[:： ]{{0,2}}[{DIGITS}]{{6}}(?![{DIGITS}])")
NO_ROADS = tuple(
    listed(
        """
    铁路 鐵路 道路 线路 線路 电路 電路 网路 網路 高速公路 高速路 思路 马路 馬路 出路 县道 縣道 省道 国道 國道 乡道
    鄉道 市道 频道 頻道 渠道 报道 報道 轨道 軌道 隧道 通道 管道 赛道 知道 味道 街道 公里 哪里 这里 那里 千里 海里
    英里 里里 第一条 第二条
    """
    )
)
NEXT = re.compile(
    "(?: ?(?:甲|乙|附)?(?:[0-9]|０|１|２|３|４|５|６|７|８|９)|[A-Za-z]座|(?:东|西|南|北|中|東)(?:路|街|段)|"
    "(?:一|二|三|四|五|六|七|八|九|十|百|零|〇){1,5}(?:号|號|段|弄|巷))".encode()
)
ROADS = ("路", "街", "大道", "道", "巷", "弄", "胡同", "里", "村", "条", "圈", "坊", "屯", "庄", "莊")


def find_street(text: bytes, start: int, stop: int, settings: Settings) -> Iterator[Span]:
    """A road with a number, the levels before it, and building and room behind it."""
    if not NEXT.match(text, stop, stop + 12):
        return
    before, road, after = around(text, start, stop, BEFORE_BYTES, AFTER_BYTES)
    number = NUMBERED.match(after)
    if number is None:
        return
    levels = _levels(before + road)
    if levels is None or (before + road).endswith(NO_ROADS):
        return
    first, n_levels = levels
    if first >= len(before):
        return
    end, n_details = _rest(after, number.end())
    n_details += "之" in number[0]
    zip_code = ZIP_BEFORE.search(before[:first])
    n_levels += zip_code is not None
    first = zip_code.start() if zip_code else first
    chain = (before + road)[levels[0] :]
    score = _score(before[:first], n_levels + min(n_details, 2), n_levels > 0 and LEVELLED.search(chain) is not None)
    if road not in ("路", "街", "大道", "巷", "弄", "胡同") and n_levels < 2 and score < LABELLED:
        return
    yield Span(start - len(before[first:].encode()), stop + len(after[:end].encode()), score, "address_street")


def _score(before: str, n_parts: int, is_levelled: bool) -> float:
    """How sure an address is: by its label, by its parts beside road and number, or by the verb that leads to it."""
    if LABEL.search(before):
        return LABELLED
    if n_parts >= 2:
        return FULL
    return SHORT if is_levelled or PLACED.search(before) else WEAK


def _levels(chain: str) -> tuple[int, int] | None:
    """Where an address that ends in a road begins, and how many levels stand before the road."""
    low = max(len(chain) - MAX_CHAIN, re.search(rf"[{HAN}·]*\Z", chain).start())  # type: ignore[union-attr]
    low = max([low, *[match.end() for match in LEADING.finditer(chain, low)]])
    for match in KNOWN.finditer(chain, low):
        place, n_levels = _through(chain, match.end())
        if len(chain) - place <= MAX_ROAD:
            return match.start(), 1 + n_levels
    town = TOWN.search(chain, low)
    if town and town.start() - low > 1 and not re.search("[省州盟国國]", chain[low : town.start()]):
        low = town.start()
    level = LEVEL.search(chain, low)
    low = max([low, *[match.end() for match in STARTS.finditer(chain, low, level.end() if level else len(chain) - 1)]])
    place, n_levels = _through(chain, low)
    return (low, n_levels) if len(chain) - place <= MAX_ROAD else None


def _through(chain: str, place: int) -> tuple[int, int]:
    """What remains behind the levels from a place on, and how many they are."""
    n_levels = 0
    while (match := LEVEL.match(chain, place)) and match.end() < len(chain) - 1:
        place, n_levels = match.end(), n_levels + 1
    return place, n_levels


def _rest(after: str, place: int) -> tuple[int, int]:
    """Where building and room end, and how many of them there are."""
    n_details = 0
    for _ in range(8):
        match = REST.match(after, place)
        if match is None:
            break
        place, n_details = match.end(), n_details + 1
    zip_code = ZIP_AFTER.match(after, place)
    return (zip_code.end() if zip_code else place), n_details


# 地址：

LABELS = ("地址", "住址", "住所", "户籍地", "戶籍地", "户籍所在地", "通讯处", "收货地", "现住", "居住地", "籍贯")
FIELD = re.compile(r"[\"'*_】\]]{0,3}[ \t\u3000]{0,4}[:：|=为是][ \t\u3000]{0,6}[\"'“*]{0,3}")
HAS_DIGIT, HAS_COLON = re.compile(f"[{DIGITS}]"), re.compile("[:：|=]")
VALUE = re.compile(rf"(?:{PROVINCE}|(?:{CITIES})[市縣县]?)[{HAN}{DIGITS}A-Za-z（）()·# －—-]{{2,60}}")


def find_labelled(text: bytes, start: int, stop: int, settings: Settings) -> Iterator[Span]:
    """What begins with a known province or city in a field of a form, and has another level."""
    _, _, window = around(text, start, stop, 0, AFTER_BYTES)
    field = FIELD.match(window)
    value = field and VALUE.match(window, field.end())
    if not value:
        return
    found = re.split(r"[ （(](?![A-Za-z0-9])|[ ](?=\d{11}|[A-Za-z]{4})", value[0])[0].rstrip(" （）()-－—#")
    known = KNOWN.match(found)
    if known and LEVEL.match(found, known.end()):
        first = stop + len(window[: value.start()].encode())
        is_sure = HAS_DIGIT.search(found) is not None and HAS_COLON.search(window, 0, value.start()) is not None
        yield Span(first, first + len(found.encode()), LABELLED if is_sure else FULL, "address_form")


# 東京都新宿区西新宿2丁目8番1号

PREFECTURES = listed(
    """
    東京都 北海道 京都府 大阪府 神奈川県 和歌山県 鹿児島県 青森県 岩手県 宮城県 秋田県 山形県
    福島県 茨城県 栃木県 群馬県 埼玉県 千葉県 新潟県 富山県 石川県 福井県 山梨県 長野県
    岐阜県 静岡県 愛知県 三重県 滋賀県 兵庫県 奈良県 鳥取県 島根県 岡山県 広島県 山口県
    徳島県 香川県 愛媛県 高知県 福岡県 佐賀県 長崎県 熊本県 大分県 宮崎県 沖縄県
    """
)
PREFECTURE = re.compile(f"(?:〒?[{DIGITS}]{{3}}[-－][{DIGITS}]{{4}}[ \u3000]?)?(?:{'|'.join(PREFECTURES)})")
JAPANESE_REST = re.compile(
    rf"(?:[{DIGITS}一二三四五六七八九十]{{1,3}}番(?:地)?(?:の?[{DIGITS}]{{1,3}}号?)?|[{DIGITS}]{{1,4}}(?:[-－−ー][{DIGITS}]{{1,4}}){{1,2}}|[{DIGITS}]{{1,4}}(?:[-－−][{DIGITS}]{{1,4}})?)"
    rf"(?:[ \u3000][{HAN}ぁ-ヶーA-Za-z]{{2,16}}[{DIGITS}]{{1,4}}(?:号室)?)?"
)


def find_japanese(text: bytes, start: int, stop: int, settings: Settings) -> Iterator[Span]:
    """From the prefecture to the number after 丁目."""
    before, _, after = around(text, start, stop, 100, 120)
    found = list(PREFECTURE.finditer(before))
    rest = JAPANESE_REST.match(after)
    if found and rest and re.fullmatch(rf"[{HAN}ぁ-ヶー{DIGITS}]{{2,24}}", before[found[-1].end() :]):
        first = start - len(before[found[-1].start() :].encode())
        yield Span(first, stop + len(after[: rest.end()].encode()), FULL, "address_japanese")


# 서울특별시 강남구 테헤란로 152

KOREAN_PROVINCES = listed(
    """
    서울특별시 서울시 서울 부산광역시 부산 대구광역시 대구 인천광역시 인천 광주광역시 광주 대전광역시 대전
    울산광역시 울산 세종특별자치시 경기도 강원특별자치도 강원도 충청북도 충청남도 전북특별자치도 전라북도 전라남도
    경상북도 경상남도 제주특별자치도
    """
)
KOREAN_REST = re.compile(
    r"(?: [가-힣]{1,6}[시군구]){0,2}(?: [가-힣]{1,6}[읍면동])? ?[가-힣0-9]{1,12}(?:로|길|가|거리) ?(?:지하 ?)?"
    r"[0-9]{1,4}(?:-[0-9]{1,4})?(?![0-9가])(?: \([가-힣0-9]{2,10}\))?(?:,? [0-9]{1,4}(?:동|호|층)){0,3}"
)


def find_korean(text: bytes, start: int, stop: int, settings: Settings) -> Iterator[Span]:
    """From the province to the number after the road."""
    if text[stop : stop + 1] != b" ":
        return
    _, _, after = around(text, start, stop, 0, 150)
    rest = KOREAN_REST.match(after)
    if rest and re.search(r"[시군구] ", rest[0]):
        yield Span(start, stop + len(after[: rest.end()].encode()), FULL, "address_korean")


RULES = (
    Rule("address", marks.WORDS, find_street, ROADS),
    Rule("address", marks.WORDS, find_labelled, LABELS),
    Rule("address", marks.WORDS, find_japanese, ("丁目",)),
    Rule("address", marks.WORDS, find_korean, KOREAN_PROVINCES),
)
