"""More templates that rules are measured with, written when rules had been mended for the first ones. See
`labelled_text`."""

from __future__ import annotations

from labelled_text import templates

ENGLISH = templates(
    "en",
    """
MEMORANDUM
TO: «person»
FROM: «person:initial»
DATE: «-date»
RE: Lease of the premises at «address:us»
""",
    """
Guest registration
Guest name: «person:comma»    Room 412    Arrival «-date»
Home address: «address:ca»    Phone: «phone:us_fixed»    License plate: «licence_plate:us»
""",
    """
BEGIN:VCARD
VERSION:3.0
FN:«person»
TEL;TYPE=CELL:«phone:us_mobile_e164»
EMAIL;TYPE=HOME:«email»
REV:«-time»
END:VCARD
""",
    """
{"customer": {"name": "«person»", "email": "«email»", "phone": "«phone:us_mobile»", "shipping_address": "«address:us»"}, "order_id": "«-order»"}
""",
    """
«person»
⟨Associate Professor|Research Assistant|Program Manager|Vice President⟩
Phone: «phone:us_fixed» | Email: «email:work»
""",
    """
Directions: take exit 12 and turn left. We are located at «address:us», next to the library; overflow parking is at
«address:street». Questions? «phone:us_free».
""",
    """
Invoice to: «person», «address:uk», tel. «phone:gb_fixed». Paid with Mastercard «card», receipt «-invoice».
""",
    """
Signed-off-by: «person» <«email:work»>
Reviewed-by: «person:initial» <«email»>
Fixes: «-short» ("net: avoid overflow")
""",
    """
psql "postgresql://«url_credentials»@«ip»:5432/prod"   # rotated «-date»
export HTTPS_PROXY=http://«url_credentials»@proxy.acme-tools.io:3128
""",
    """
Location (lat, lon): «coordinates». Latitude and longitude of the wreck: «coordinates:dms», depth 32 m.
""",
    """
The claimant, Ms «person», Social Security number «ssn», resides at «address:us», and is represented by Mr «person:last».
""",
    """
Name of bearer: «person:upper»
Passport no. ⟨«passport:next»|«passport:us»⟩
Place of residence: «address:lines»
""",
    """
Tip jar: ETH «wallet:ethereum» / BTC «wallet:taproot» / LTC «wallet:litecoin», and thanks!
""",
    """
SLACK_BOT_TOKEN=«api_key:slack»
anthropic_api_key: «api_key:anthropic»
"apiKey": "«api_key:google»", "measurementId": "G-«-asin»"
""",
    """
arp -a | gw («-private_ip») at «mac» [ether] on en0; wan «ip», upnp device «mac:hyphens»
""",
    """
Please make your check payable to «person» and mail it to «address:pobox». Wire: IBAN «iban».
""",
    """
Thank you for your help.

⟨Warm regards|Respectfully|Yours faithfully|All the best⟩,

«person»
«phone:dashed»
""",
    """
Emergency contacts: Mrs. «person» (neighbor, «phone:us_mobile»), Dr. «person:last» (vet, «phone:dotted»).
""",
)
CHINESE = templates(
    "zh",
    """
寻人启事：«person:zh»，男，78岁，于«-date»在«address:district»附近走失。有线索请拨打«phone:cn»，家属«person:surname»女士。
""",
    """
采购项目联系人：«person:zh»
联系方式：«phone:cn_fixed»
代理机构地址：«address:cn»
项目负责人：«person:zh»　项目编号：«-invoice»
""",
    """
原告：«person:zh»，女，«-date»出生，汉族，住«address:village»。
被告：«person:zh»，男，身份证号码«resident_id»。
""",
    """
指导教师：«person:zh»
办公电话：«phone:cn_fixed»　Email：«email:work»
""",
    """
寄：«address:cn»　«person:zh»（收）　«phone:cn»
""",
    """
序号,姓名,身份证号,手机号
1,«person:zh»,«resident_id»,«phone:cn»
2,«person:zh»,«resident_id»,«phone:cn»
""",
    """
{"userName": "«person:zh»", "tel": "«phone:cn»", "address": "«address:cn»", "orderId": "«-order»", "createTime": «-epoch»}
""",
    """
就诊人：«person:zh»　证件号：«resident_id»　预约科室：心内科　就诊序号：12
医生：«person:zh»　费用：«-price»
""",
    """
【驿站】您的包裹«-tracking»已到«address:road»，取件码3-2-1005，详询«phone:cn»。
""",
    """
车主：«person:zh»，号牌：«licence_plate:cn»，违停地点：«address:city»，时间«-time»。
""",
    """
事故地点经纬度坐标为«coordinates»，即«coordinates:chinese»处，水深«-number»米。
""",
    """
mongo "mongodb://«url_credentials»@«ip»:27017/admin"   # 生产库，切勿外传
""",
    """
打款账户：«person:zh»，工商银行，账号：«card:union»，打完请短信告知«phone:cn»。
""",
    """
此致
敬礼
　　　　　　　　申请人：«person:zh»
　　　　　　　　«-date»
""",
    """
大家好，我是«person:zh»，叫我«person:surname»先生就行，有事打«phone:cn»或发邮件到«email»。
""",
    """
寄件人：«person:tw»　«phone:tw»
收件人：«person:tw»　«address:tw»
""",
    """
負責人：«person:tw»
公司地址：«address:tw»　電話：«phone:tw_fixed»
""",
    """
学校地址：«address:cn»；招生办公室：«phone:cn_fixed»；校长信箱：«email:work»；投诉电话：12345。
""",
)
OTHERS = [
    *templates(
        "de",
        """
Praxis: Tel. «phone:de_slash», mobil «phone:de_mobile»; Konto «iban»; GPS-Daten: «coordinates».
""",
    ),
    *templates(
        "ja",
        """
連絡先：«phone:jp_mobile»（自宅 «phone:jp_fixed»）、メール：«email»、IPアドレス：«ip»
""",
    ),
    *templates(
        "ko",
        """
담당자 연락처: «phone:kr_mobile», 팩스 «phone:kr_fixed», 이메일 «email:work»
""",
    ),
    *templates(
        "fr",
        """
Tél. : «phone:fr_fixed», mobile : «phone:fr_mobile_intl», mél : «email», compte «iban».
""",
    ),
]
DECOYS = [
    *templates(
        "",
        """
{"call_id": «-number», "size": «-number», "sku": "«-number»", "seq": [«-array»], "trace": "«-uuid»"}
""",
        """
LOG «-time» req=«-luhn» span=«-short» bytes=«-number» took=0.«-number»s ua=Chrome/«-build»
""",
        """
seed = «-constant»; step = «-constant»; hash = "«-sha256»"  # see «-doi»
""",
    ),
    *templates(
        "en",
        """
Dear Customer, Dear Sir or Madam,

To: All Staff. From: Human Resources. Contact: Sales Department. Attn: Accounts Payable. «-sentence»

Kind regards,
The Support Team
""",
        """
Route 66, Interstate 80, Highway 101 and Exit 23 were closed; 24 Hour Service, Room 12, Building 4, Floor 3. «-sentence»
""",
        """
Case number «-number», account «-number», meter «-number», SKU «-number», lot «-order», policy «-invoice», id «-luhn».
""",
    ),
    *templates(
        "zh",
        """
联系人：人事部　收件人：全体员工　负责人：待定　签名：________　地址：见官网　医生：未指定　姓名：无
""",
        """
全体老师、高级经理、主任医师、客座教授、值班师傅、安全经理、时任教授都到了。«-words_zh»北京东路站、南京路步行街、5号线。
""",
        """
记录编号：«-number»，流水号：«-luhn»，合同号：«-order»，设备序列号：«-number»，批次«-number»。
""",
    ),
]
