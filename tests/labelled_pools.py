"""What made-up values are drawn from: one pool for writing rules, another for measuring them.

Where a form allows it they share nothing, so that a rule that only knows what it was written with does not score. What
is real (towns, prefixes of numbers, issuers of cards) is public knowledge; what belongs to nobody is invented.
"""

from __future__ import annotations

from typing import NamedTuple


def words(text: str) -> tuple[str, ...]:
    """The words of a text; `~` stands for a space in one."""
    return tuple(word.replace("~", " ") for word in text.split())


def areas(text: str) -> dict[str, tuple[str, ...]]:
    """`key=one,two` for each word: key -> things."""
    return {key: tuple(rest.split(",")) for key, rest in (word.split("=") for word in words(text))}


class Pool(NamedTuple):
    """english: Faker's locales; surnames, given: simplified Chinese names, Faker's if there are none; mobile, fixed:
    beginnings of Chinese numbers; issuers, unions: beginning and length of a card's number; ibans: country -> what the
    rest begins with and how many digits follow; states: state -> beginning of ZIP codes and towns; british, canadian:
    town -> beginning of postal codes (and province); mainland: province, city and county."""

    english: tuple[str, ...]
    domains: tuple[str, ...]
    odd_domains: tuple[str, ...]
    us_areas: tuple[str, ...]
    mobile: tuple[str, ...]
    fixed: tuple[str, ...]
    taiwanese: tuple[str, ...]
    surnames: tuple[str, ...]
    given: tuple[str, ...]
    compound: tuple[str, ...]
    two_character_surnames: tuple[str, ...]
    traditional: str
    traditional_given: tuple[str, ...]
    foreign: tuple[str, ...]
    users: tuple[str, ...]
    ipv6: tuple[str, ...]
    macs: tuple[str, ...]
    issuers: tuple[tuple[str, int], ...]
    unions: tuple[tuple[str, int], ...]
    ibans: dict[str, tuple[str, int]]
    id_places: tuple[str, ...]
    states: dict[str, tuple[str, ...]]
    suffixes: tuple[str, ...]
    streets: tuple[str, ...]
    british: dict[str, str]
    british_streets: tuple[str, ...]
    british_suffixes: tuple[str, ...]
    canadian: dict[str, tuple[str, str]]
    mainland: tuple[tuple[str, str, str], ...]
    towns: tuple[str, ...]
    villages: tuple[str, ...]
    roads: tuple[str, ...]
    estates: tuple[str, ...]
    taiwan: dict[str, tuple[str, ...]]
    taiwan_roads: tuple[str, ...]
    reserved_ips: tuple[str, ...]
    sample_domains: tuple[str, ...]
    no_keys: tuple[str, ...]
    no_credentials: tuple[str, ...]
    constants: tuple[str, ...]


def counties(text: str) -> tuple[tuple[str, str, str], ...]:
    """Province, city (may be empty) and county of each line `province city county county`, a dot for no city."""
    lines = [line.split() for line in text.strip().splitlines()]
    return tuple((line[0], line[1].strip("."), county) for line in lines for county in line[2:])


BUILD = Pool(
    english=("en_US", "en_GB"),
    domains=words("gmail.com outlook.com yahoo.co.uk gmx.de proton.me 163.com qq.com 126.com naver.com"),
    odd_domains=words("müller-bau.de café-central.fr mail.acme.photography xn--bcher-kva.ch"),
    us_areas=words("212 415 617 303 702 206 503 312 404 713"),
    mobile=words("131 132 135 136 137 138 151 152 155 156 157 158 171 172 175 177 178 181 182 185 186 187 188"),
    fixed=words("010 021 0755 0571 025 028 0431"),
    taiwanese=words("0912-{0}-{1} 0933{0}{1} (02)~2{0}-{2}{1} +886~912~{0}~{1}"),
    surnames=(),
    given=(),
    compound=words("欧阳娜 司马亮 诸葛文 上官雪 阿依古丽·买买提 次仁·多吉"),
    two_character_surnames=("欧阳",),
    traditional="陳林黃張李王吳劉蔡楊許鄭謝郭洪邱曾廖賴徐",
    traditional_given=words("雅婷 家豪 怡君 志明 淑芬 俊傑 美玲 建宏 佩珊 國榮"),
    foreign=words("van~der~Berg O'Connor García Müller de~la~Cruz al-Hassan Nguyen Kowalski Łukasz"),
    users=words("deploy svc_orders root postgres"),
    ipv6=words("2001:4860 2606:4700 2a00:1450 2400:3200 240e:3a1"),
    macs=words("3c5ab4 f0def1 001a2b b827eb dca632"),
    issuers=(("4", 16), ("51", 16), ("5425", 16), ("37", 15), ("6011", 16), ("3530", 16)),
    unions=(("622202", 19), ("622848", 19), ("621700", 19), ("621661", 19), ("625912", 16)),
    ibans={"DE": ("", 18), "FR": ("", 23), "GB": ("NWBK", 14), "NL": ("ABNA", 10), "ES": ("", 20), "IT": ("X", 22),
           "CH": ("", 17), "PL": ("", 24), "SE": ("", 20), "BE": ("", 12)},
    id_places=words("110105 310104 440305 330106 510107 420111 370202 650102 450102"),
    states=areas("CA=93,Fresno,Oakland,San~Diego NY=12,Albany,Buffalo,New~York TX=78,Austin,El~Paso IL=62,Chicago "
                 "OH=45,Dayton,Toledo WA=98,Spokane GA=31,Macon MA=01,Worcester,Boston FL=33,St.~Petersburg,Tampa "
                 "CO=80,Boulder NC=27,Winston-Salem"),
    suffixes=words("Street St St. Avenue Ave Ave. Road Rd Lane Drive Dr Court Boulevard Blvd Way Place Terrace Parkway"),
    streets=words("Maple Oak Washington Lincoln Martin~Luther~King Elm Cedar~Hill Park Sunset N~Main South~Broad 5th "
                  "42nd W~14th Old~Mill Lakeview Cherry~Tree Mill"),
    british={"London": "SW", "Leeds": "LS", "Bristol": "BS", "Cardiff": "CF", "Edinburgh": "EH", "York": "YO"},
    british_streets=words("Church Station Victoria Albert Queens Mill"),
    british_suffixes=words("Road Street Lane Close Terrace Crescent Gardens Avenue"),
    canadian={"Toronto": ("ON", "M"), "Vancouver": ("BC", "V"), "Calgary": ("AB", "T"), "Halifax": ("NS", "B")},
    mainland=counties("""
        广东省 深圳市 南山区 福田区 宝安区
        浙江省 杭州市 西湖区 余杭区
        江苏省 苏州市 昆山市 姑苏区
        四川省 成都市 武侯区 锦江区
        湖北省 武汉市 洪山区 武昌区
        山东省 青岛市 市南区 崂山区
        辽宁省 大连市 沙河口区
        北京市 . 海淀区 朝阳区 西城区
        上海市 . 浦东新区 徐汇区
        重庆市 . 渝中区 江北区
        广西壮族自治区 桂林市 阳朔县
        新疆维吾尔自治区 乌鲁木齐市 天山区
    """),
    towns=words("龙泉镇 大桥乡 柳河镇"),
    villages=words("王家村 石桥村 新民村"),
    roads=words("中山路 人民路 解放大道 建设北路 科苑南路 文一西路 长江中路 珞喻路 学院路 和平街 新华大街 天府二街 环城东路 黄河大道 "
                "迎宾路 劳动西路 虹桥路 朝阳门外大街"),
    estates=words("阳光花园 锦绣家园 翠竹苑 碧桂园 金地格林小区 滨江一号 教师新村 和谐家园"),
    taiwan=areas("臺北市=信義區,大安區,中山區 新北市=板橋區,新店區 高雄市=左營區 臺中市=西屯區 桃園市=中壢區"),
    taiwan_roads=words("忠孝東路四段 中正路 民生路 復興南路一段 文化路二段 仁愛路三段 台灣大道二段"),
    reserved_ips=words("127.0.0.1 0.0.0.0 255.255.255.0 203.0.113.9 ::1 fe80::1 2001:db8::8"),
    sample_domains=words("example.com example.org mail.example.net host.invalid server.local"),
    no_keys=words("YOUR_API_KEY xxxxxxxxxxxxxxxxxxxxxxxx <your-token-here> ${API_KEY} changeme sk-XXXXXXXXXXXXXXXXXXXX "
                  "AKIAIOSFODNN7EXAMPLE os.environ['API_KEY']"),
    no_credentials=words("postgres://user:password@localhost:5432/db https://${USER}:${PASS}@host.example/repo.git "
                         "redis://<user>:<password>@<host>:6379 mysql://username:****@db.example.org/app"),
    constants=words("0xDEADBEEF 6364136223846793005 2654435761 0x9E3779B97F4A7C15"),
)  # fmt: skip

MEASURE = Pool(
    english=("en_NZ", "en_IE", "en_IN", "en_AU"),
    domains=words("gmail.com hotmail.com icloud.com web.de yandex.ru sina.com foxmail.com 139.com daum.net orange.fr "
                  "btinternet.com mail.com"),
    odd_domains=words("bäckerei-süd.de crédit-local.fr post.acme.engineering xn--80ak6aa92e.com acme.com.au k12.acme.us"),
    us_areas=words("215 512 408 919 773 305 602 808 330 619 646 907"),
    mobile=words("130 133 134 139 145 147 149 150 153 159 162 165 166 167 170 173 176 180 183 184 189 190 191 193 195 "
                 "196 197 198 199"),
    fixed=words("020 022 023 024 027 029 0512 0531 0551 0591 0731 0574 0871 0898 0757 0411"),
    taiwanese=words("0921-{0}-{1} 0988{0}{1} (04)~2{0}-{2}{1} +886~937~{0}~{1} 0952~{0}~{1}"),
    surnames=words("王 李 张 刘 陈 杨 赵 黄 周 吴 徐 孙 胡 朱 高 林 何 郭 马 罗 梁 宋 郑 谢 韩 唐 冯 于 董 萧 程 曹 袁 邓 许 傅 "
                   "沈 曾 彭 吕 苏 卢 蒋 蔡 贾 丁 魏 薛 叶 阎 余 潘 杜 戴 夏 钟 汪 田 任 姜 范 方 石 姚 谭 廖 邹 熊 金 陆 郝 孔 白 "
                   "崔 康 毛 邱 秦 江 史 顾 侯 邵 孟 龙 万 段 雷 钱 汤 尹 黎 易 常 武 乔 贺 赖 龚 文 庞 樊 殷 施 翟 安 严 倪 温 "
                   "季 俞 章 鲁 葛 韦 申 尤 毕 聂 焦 向 柳 邢 岳 齐 梅 莫 庄 辛 管 祝 左 涂 谷 时 舒 耿 牟 卜 詹 关 苗 凌 费 纪 靳 "
                   "盛 童 欧 甄 项 曲 成 游 阳 裴 席 卫 查 屈 鲍 位 覃 霍 翁 隋 植 甘 景 薄 单 包 司 柏 宁 柯 阮 桂"),
    given=words("伟明 思远 雨桐 子墨 建国 秀英 丽华 志强 浩然 梓涵 欣怡 一鸣 晓东 玉兰 国栋 春梅 嘉懿 天佑 慧敏 振华 小龙 佳琪 "
                "永红 冬梅 景行 若曦 文博 少华 海燕 立新 博 敏 静 磊 洋 艳 勇 军 杰 娟 涛 明 超 霞 平 刚 桂英 鹏飞 婉清 泽宇"),
    compound=words("夏侯杰 皇甫静 尉迟明 慕容雪晴 东方闻 令狐海 古丽娜尔·艾合买提 扎西·顿珠 巴图尔·赛里克 玛依拉·吐尔逊"),
    two_character_surnames=words("夏侯 皇甫 慕容 司徒 欧阳"),
    traditional="高蕭潘游葉莊呂江何羅周趙沈簡盧梁鍾彭詹施翁魏孫戴范方宋鄧杜傅侯曹薛丁卓馬董唐藍陳林黃",
    traditional_given=words("宗翰 冠廷 承恩 詩涵 惠雯 婉婷 彥廷 玉珍 秀蘭 文雄 筱薇 柏毅 哲瑋 月娥 振宇 芳 傑"),
    foreign=words("von~Hagen O'Sullivan Núñez Schröder da~Silva al-Rashid Pham Nowak Åkesson D'Angelo Öztürk ter~Horst "
                  "Mac~Giolla N'Diaye Popescu"),
    users=words("ci-runner app_user admin backup jenkins svc.etl"),
    ipv6=words("2a02:8108 2408:8207 2607:f8b0 2001:da8 2804:14c 2600:1f18"),
    macs=words("001b21 00e04c a4c361 d8bb2c 30b5c2 9c5c8e e4a7a0"),
    issuers=(("4539", 16), ("4916", 16), ("4024", 16), ("52", 16), ("55", 16), ("2221", 16), ("34", 15), ("65", 16),
             ("3566", 16), ("36", 14)),
    unions=(("622588", 16), ("622700", 19), ("622262", 19), ("621226", 19), ("621799", 19), ("623052", 19),
            ("625955", 16)),
    ibans={"AT": ("", 16), "PT": ("", 21), "IE": ("AIBK", 14), "DK": ("", 14), "FI": ("", 14), "NO": ("", 11),
           "CZ": ("", 20), "LU": ("", 16), "HU": ("", 24), "GR": ("", 23), "TR": ("", 22), "GB": ("BARC", 14),
           "DE": ("", 18)},
    id_places=words("130102 210102 320106 350203 430102 610103 540102 320583 441900 330782 152501"),
    states=areas("MI=48,Detroit,Ann~Arbor PA=19,Philadelphia,King~of~Prussia AZ=85,Tucson,Mesa OR=97,Portland,Eugene "
                 "MN=55,Duluth,St.~Paul TN=38,Memphis MO=63,St.~Louis NJ=07,Newark,Cherry~Hill VA=23,Richmond UT=84,Provo "
                 "NM=87,Santa~Fe CT=06,Hartford,New~Haven DC=20,Washington HI=96,Honolulu NV=89,Las~Vegas"),
    suffixes=words("Street St St. Avenue Ave Ave. Road Rd Rd. Lane Ln Drive Dr Dr. Court Ct Boulevard Blvd. Way Place "
                   "Pl Terrace Pkwy Trail Highway Hwy Loop Square Circle Cir"),
    streets=words("Jefferson Chestnut Walnut Hickory Pine~Ridge Spring~Valley N~Capitol E~3rd 23rd S~Michigan Riverside "
                  "Peachtree Church Franklin Highland Pleasant~Hill Rosewood Cesar~Chavez NW~8th El~Camino Harbor"),
    british={"Manchester": "M", "Sheffield": "S", "Norwich": "NR", "Oxford": "OX", "Glasgow": "G", "Swansea": "SA",
             "Bath": "BA", "Belfast": "BT", "Birmingham": "B", "London": "SE", "Milton Keynes": "MK"},
    british_streets=words("High London Manor Grange York King's St~John's Abbey Bridge"),
    british_suffixes=words("Road Street Lane Close Drive Way Mews Hill Row Grove Place Avenue"),
    canadian={"Ottawa": ("ON", "K"), "Winnipeg": ("MB", "R"), "Montréal": ("QC", "H"), "Saskatoon": ("SK", "S"),
              "Victoria": ("BC", "V")},
    mainland=counties("""
        河北省 石家庄市 长安区 裕华区 正定县
        河北省 唐山市 迁安市
        河南省 郑州市 金水区 二七区 中牟县
        河南省 洛阳市 涧西区
        湖南省 长沙市 岳麓区 开福区 浏阳市
        福建省 厦门市 思明区 湖里区
        福建省 泉州市 晋江市
        安徽省 合肥市 蜀山区 肥西县
        江西省 南昌市 红谷滩区 东湖区
        陕西省 西安市 雁塔区 碑林区
        山西省 太原市 小店区
        云南省 昆明市 五华区
        云南省 大理白族自治州 大理市
        贵州省 贵阳市 云岩区
        黑龙江省 哈尔滨市 道里区 南岗区
        吉林省 长春市 朝阳区
        天津市 . 河西区 和平区
        内蒙古自治区 鄂尔多斯市 东胜区
        西藏自治区 拉萨市 城关区
        海南省 海口市 龙华区
        宁夏回族自治区 银川市 兴庆区
        上海市 . 杨浦区 闵行区
        北京市 . 丰台区 昌平区
        广东省 东莞市 长安镇 虎门镇
    """),
    towns=words("清水镇 沙河镇 马厂乡 双桥镇 红旗乡"),
    villages=words("李家庄村 东沟村 下湾村 胜利村 后山村"),
    roads=words("五一大道 湘江中路 二环南路 友谊大街 滨河路 芙蓉南路 和顺街 南京东路 延安西路 七一路 东风大街 青年路 科技二路 花园北街 "
                "纬三路 金融街 裕华东路 泉秀街 莲前西路 丈八东路 奥体大街 翠湖南路 凤起路 北四环中路"),
    estates=words("城市之光 香槟国际 幸福里 水岸名都 梧桐苑 世纪新城 南湖小区 书香门第 紫金华府 龙湖天街 机关宿舍 云顶公馆 东方明珠"),
    taiwan=areas("臺南市=東區,安平區 基隆市=仁愛區 新竹市=北區 臺北市=松山區,內湖區 新北市=三重區 高雄市=三民區 彰化縣=彰化市,員林市"),
    taiwan_roads=words("成功路三段 和平東路二段 公園路 光復南路 自強街 建國北路一段 五福三路 松江路"),
    reserved_ips=words("127.0.0.53 0.0.0.0 255.255.254.0 198.51.100.7 192.0.2.44 169.254.1.1 224.0.0.251 100.64.3.9 ::1 "
                       "ff02::1 fd12:3456::1 2001:db8:0:1::7"),
    sample_domains=words("example.com example.net lists.example.org nowhere.invalid myhost.localdomain foo.test"),
    no_keys=words("REPLACE_ME your-secret-key insert_token_here ******************** {{~api_key~}} process.env.API_KEY "
                  "dummy ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx AKIAXXXXXXXXXXXXXXXX <redacted> $(cat~token.txt)"),
    no_credentials=words("mongodb://username:password@cluster.example.net/test https://user:pass@example.com/ "
                         "ftp://$USER:$PASS@host.example.org/ http://[user]:[password]@proxy.example.com:8080 "
                         "amqp://{user}:{password}@{host}:5672/"),
    constants=words("0xCAFEBABE 1103515245 1442695040888963407 6364136223846793005 2654435761 0x517CC1B727220A95 "
                    "4294967295 2147483647 18446744073709551615"),
)  # fmt: skip
