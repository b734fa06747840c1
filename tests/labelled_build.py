"""Labelled documents to look at while rules are written: a few templates, none of those that measure them, and values
of another pool."""

from __future__ import annotations

from labelled_pools import BUILD
from labelled_text import Labelled, labelled, templates

ENGLISH = templates(
    "en",
    """
Contact us
«person»
Sales Manager
Phone: «phone:us_mobile»
E-mail: «email:work»
""",
    """
Bill to:
Name: «person:initial»
Address: «address:us»
Card number: «card»
Order ID: «-order»
""",
    """
Hi all, my name is «person» and I am moving to «address:us» next month. Reach me at «email» or «phone:us_mobile_intl».
""",
    """
Best regards,
«person»
Tel. «phone:gb_mobile_intl» | Fax «phone:gb_fixed»
«address:uk»
""",
    """
«-time» INFO login user_id=«-number» from «ip» mac=«mac» session=«-uuid»
«-time» WARN proxy «ip:v6» refused, upstream «-private_ip»:8080
""",
    """
DATABASE_URL=postgres://«url_credentials»@db.internal:5432/app
AWS_ACCESS_KEY_ID=«api_key:aws»
AWS_SECRET_ACCESS_KEY=«api_key:aws_secret»
GITHUB_TOKEN=«api_key:github»
SECRET=«-placeholder_key»
""",
    """
Please transfer the amount to IBAN «iban» (BIC COBADEFFXXX), reference «-invoice».
""",
    """
Employee SSN: «ssn»
Passport No. «passport:next»
License plate: «licence_plate:us»
""",
    """
Donations: BTC «wallet:segwit» or «wallet:legacy», ETH «wallet:ethereum». Thank you!
""",
    """
Save this as id_rsa:

«private_key:rsa»
""",
    """
The cabin stands at lat/long «coordinates», see map.
""",
    """
"Good morning, Mr. «person:last»," said the clerk. "The lady from «address:street» has called."
""",
)
CHINESE = templates(
    "zh",
    """
联系人：«person:zh»
手机：«phone:cn»
邮箱：«email:qq»
地址：«address:cn»
""",
    """
收货人: «person:zh» 电话 «phone:cn» 收货地址: «address:city» 邮编 518000
""",
    """
姓名：«person:zh»，身份证号：«resident_id»，户籍地址：«address:cn»。
""",
    """
请把货款汇到工商银行，户名：«person:zh»，卡号：«card:union»，谢谢。订单号«-order»。
""",
    """
车主«person:surname»先生的车牌号是«licence_plate:cn»，请速与他联系，电话«phone:cn»。
""",
    """
本公司位于«address:city»，总机：«phone:cn_fixed»，客服热线：«phone:cn_400»。
""",
    """
申请人持护照（护照号码：«passport:cn»）前往办理，经办人：«person:zh»。
""",
    """
聯絡人：«person:tw»
手機：«phone:tw»
地址：«address:tw»
""",
    """
«-time» 登录失败 用户=«-number» 来源IP «ip» 设备MAC «mac:hyphens»
""",
    """
观测点坐标：«coordinates:chinese»，海拔«-number»米。
""",
)
OTHERS = [
    *templates("de", "Kontakt: Tel. «phone:de_mobile_intl», E-Mail «email:work»", "Bitte überweisen Sie auf «iban»."),
    *templates("ja", "お問い合わせ：電話 «phone:jp_fixed»、メール «email»まで。"),
    *templates("fr", "Téléphone : «phone:fr_mobile» – courriel : «email»"),
]
DECOYS = [
    *templates(
        "",
        """
ISBN «-isbn», ISSN «-issn», doi:«-doi», pp. «-pages»
""",
        """
def test_build():
    assert version() == "«-version»"
    SEED = «-constant»
    weights = [«-floats»]
    name: str = "default"
""",
        """
commit «-sha1»
Date: «-time»
Merge «-short» into release «-version»; user agent Chrome/«-build»
""",
        """
name: Build and test
on: push
env: {CONTACT: «-sample_email», TOKEN: «-placeholder_key», URL: "«-placeholder_url»"}
""",
    ),
    *templates(
        "en",
        """
Shipped by «-company», tracking number «-tracking», ASIN «-asin», order «-order», total «-price».
""",
        """
Section 12.4.1 applies from «-date»; see Article 17(2) and Form 1099. Broadway and Baker Street are famous streets.
""",
    ),
    *templates(
        "zh",
        """
根据《民法典》第1024条第2款的规定，«-company_zh»于«-date»在上海市召开会议，文号〔2021〕35号。
""",
        """
姓名：必填
联系电话：必填，格式如«-bad_phone»
订单编号：«-order»，金额«-price»，快递单号«-tracking»。
""",
    ),
]
LANGUAGES = ("en", "zh", "de", "ja", "fr")


def labelled_build(seed: int, n: int, languages: tuple[str, ...] = LANGUAGES) -> list[Labelled]:
    """n labelled documents: see `labelled_text.labelled`."""
    return labelled([*ENGLISH, *CHINESE, *OTHERS], DECOYS, BUILD, seed, n, languages)
