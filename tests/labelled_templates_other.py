"""Templates in other languages, for what has the same form in all, and templates without personal data, for measuring."""

from __future__ import annotations

from labelled_text import templates

OTHERS = [
    *templates(
        "de",
        """
Sekretariat: «phone:de_slash», Notdienst «phone:de_mobile_intl». Mail: «email:hidden»; IP «ip»:8080; Stand «-date», Az. «-number»
""",
    ),
    *templates(
        "de",
        """
Impressum: ⟨Telefon|Tel.|Fon⟩: «phone:de_fixed», Telefax: «phone:de_fixed», E-Mail: «email:work», Amtsgericht HRB 12345
""",
        """
Treffpunkt (Koordinaten): «coordinates», Karte 1:25000, Höhe 843 m. Handy: «phone:de_mobile»
""",
        """
mysql -h «ip» && curl http://«url_credentials»@wetter.acme-tools.de/status # Stand «-date»
""",
        """
Kreditkarte «card», gültig bis 05/28, Buchung «-order», Wallet «wallet:segwit»
""",
    ),
    *templates(
        "fr",
        """
Coordonnées GPS : «coordinates» (altitude 312 m). Portable : «phone:fr_mobile», fixe «phone:fr_fixed».
""",
        """
Connexion refusée pour «ip» (carte réseau «mac»), jeton «api_key:jwt», version «-version».
""",
    ),
    *templates(
        "es",
        """
Ubicación, latitud y longitud: «coordinates». Móvil «phone:es_mobile», correo «email».
""",
        """
Transferencia a la cuenta «iban» o tarjeta «card:spaced» antes del «-date».
""",
    ),
    *templates(
        "ja",
        """
振込の際は IBAN «iban» をご利用ください。FAX：«phone:jp_fixed»
""",
    ),
    *templates(
        "ko",
        """
접속 기록: «ip», 장치 «mac», 카드번호 «card», 대표전화 «phone:kr_fixed»
""",
        """
설정: redis://«url_credentials»@cache.acme-tools.kr:6379/1, 토큰 «api_key:github», 메일 «email»
""",
    ),
    *templates(
        "ru",
        """
Координаты: «coordinates». Карта «card», телефон «phone:ru_mobile».
""",
        """
Лог: «ip:v6» и «ip», MAC «mac:hyphens», ключ «api_key:google», письмо на «email»
""",
    ),
    *templates(
        "de",
        """
Rufen Sie uns an: ⟨«phone:de_fixed»|«phone:de_fixed_intl»|«phone:de_mobile»⟩, Mo–Fr 8–17 Uhr, oder schreiben Sie an «email:work».
Rechnungsnr. «-invoice», Kundennr. «-number», USt-IdNr. «-vat»
""",
        """
Bankverbindung: IBAN «iban», BIC GENODEF1XXX, Steuernr. 143/262/60482. Zahlbar bis «-date».
""",
        """
Angriff von «ip» abgewehrt, Gerät «mac», Firmware «-version», Standort (GPS) «coordinates».
""",
    ),
    *templates(
        "fr",
        """
Réservations au «phone:fr_fixed» ou au «phone:fr_fixed_intl», par courriel : «email:work». SIRET 732 829 320 00074, RCS Paris.
""",
        """
Carte bancaire : «card:spaced», échéance 04/28. Virement : «iban».
""",
    ),
    *templates(
        "es",
        """
Llámenos al «phone:es_mobile_intl» o escriba a «email». NIF de la empresa en la factura «-invoice», importe «-price».
""",
        """
Token caducado: «api_key:jwt»; servidor «ip»; clave «api_key:github».
""",
    ),
    *templates(
        "ja",
        """
ご注文番号：«-order»
お電話：⟨«phone:jp_mobile»|«phone:jp_fixed»⟩（受付時間 9:00～17:30）
メールアドレス：«email»
""",
        """
携帯«phone:jp_mobile»、海外からは«phone:jp_fixed_intl»。カード番号 «card»、ISBN «-isbn»。
""",
        """
サーバー «ip» のログに «mac» と «email» が残っています。バージョン «-version»
""",
    ),
    *templates(
        "ko",
        """
문의전화: ⟨«phone:kr_mobile»|«phone:kr_fixed»⟩, 이메일: «email». 주문번호 «-order»
""",
        """
해외에서는 «phone:kr_mobile_intl»로 전화 주세요. 비트코인 지갑 주소: «wallet:segwit»
""",
    ),
    *templates(
        "ru",
        """
Тел.: «phone:ru_mobile_intl», почта: «email:work», заказ № «-number» от «-date».
""",
        """
Подключение: ftp://«url_credentials»@files.acme-tools.ru/, адрес сервера «ip», версия «-version».
""",
    ),
]
DECOYS = [
    *templates(
        "",
        """
[dependencies]
tokio = { version = "«-version»", features = ["full"] }
"«-package»": "resolved «-sha1»"
""",
        """
[1] Nature «-pages» (2014). doi:«-doi». arXiv:2103.«-number». PMID: 28«-number». ISSN «-issn».
[2] ISBN «-isbn».
""",
        """
int primes[] = {«-array»};
static const uint64_t K = «-constant»ULL; // «-constant»
double w[6] = {«-floats»};
""",
        """
commit «-sha1»
Author: dependabot[bot]
AuthorDate: «-time»
    bump to «-version» (was «-short»)
""",
        """
"uuid": "«-uuid»", "md5": "«-md5»", "sha256": "«-sha256»", "created": «-epoch», "size": «-number»
""",
        """
git clone «-git_url» && cd src && make -j4   # tested with «-version», agent Chrome/«-build»
""",
        """
\\begin{tabular}{lrr} 2019 & 1\\,234\\,567 & 0.«-number» \\\\ 2020 & «-floats» \\end{tabular} \\cite{key2020} \\label{eq:12.3.4.5}
""",
        """
apiVersion: v1
metadata: {name: Frontend Service, labels: {contact: Platform Team}}
data: {token: «-placeholder_key», url: "«-placeholder_url»", mail: «-sample_email», cidr: «-private_ip»/24}
""",
        """
<img src="logo@2x.png" data-id="«-number»" style="margin: 0 10px 12px 4px" width="1024"> @media (min-width: 768px) { color: #1a2b3c }
<!-- rev «-sha1» -->
""",
        """
data:image/png;base64,«-base64»
""",
        """
| 2019 | 2020 | 2021 |
|---|---|---|
| 1 204 556 | 2 310 998 | 1 875 004 |
| «-number» | «-number» | «-number» |
""",
        """
@app.route("/v1/<id>")  # std::vector<int>::iterator a::b
def handler(x): return q @ k.T + self.b[12:30:2]
""",
        """
«-certificate»
""",
        """
Traceback: 0x00007f8a4c01d2f0, pid «-number», at «-time», module «-short», ver «-build»
""",
    ),
    *templates(
        "en",
        """
Your order «-order» of «-date» has shipped with tracking number «-tracking». Item «-asin», EAN 4006381333931, total «-price».
""",
        """
Under 42 U.S.C. § 1983 and Rule 12(b)(6), see 347 U.S. 483 (1954), pp. 120-129; Section 5.3.2.1, Table 10-2.
""",
        """
She walked down Fifth Avenue to Washington Square, past the Apple Store, and thought of Paris, Texas. The
guide worked for «-company».
""",
        """
Name: required. Phone: enter 10 digits, e.g. «-bad_phone». Card: «-bad_card» was declined. Contact: see Appendix C.
Full name: First Last. Address: same as above. Passport: valid for 6 months. SSN: 000-00-0000.
""",
        """
The company, founded in «-date» as «-company», moved its headquarters to Chicago, Illinois, and employs 12,000 people.
Model No. 5500-3421-88, rated 220-240 V, 50/60 Hz, weighs 1,250 g.
""",
        """
Population 1,204,556 (2010), area 3,405.7 km2, density 353.7; GDP 12 345 678 900; phone code and ZIP vary by district.
""",
        """
Chapter 12. The Kingfisher. Mix 250-300 ml of milk with 2 1/2 cups flour, bake 35-40 minutes at 180-200 degrees. Serves 4-6.
""",
        """
⟨Order ID|Transaction id|Order no.|Reference number|Ticket|order_id⟩⟨: |=| ⟩«-luhn» was ⟨paid|placed|refunded⟩ on «-date»; job id «-luhn», request «-number».
""",
        """
Scores: 21-15 19-21 21-18; laps 58.204 57.991 58.110; final 103-98 (OT). Round 1, 2, 3, 4, 5, 6, 7, 8, 9, 10.
""",
        """
Title: Annual Report. Author: Department of Energy. Customer: Acme Holdings LLC. Contact: Help Desk. Signed: Release v2.
""",
    ),
    *templates(
        "zh",
        """
第一百二十条 违反本法第三十八条第2款的，处50000元以上200000元以下罚款；见国发〔2019〕23号、GB/T 22239-2019。
""",
        """
«-company_zh»成立于«-date»，在北京、上海、广州设有分公司，年营业额«-price»，员工12000余人，股票代码600519。
""",
        """
参考文献：«-words_zh»［J］．计算机学报，2018，41(3)：«-pages»．ISBN «-isbn»，ISSN «-issn»。
""",
        """
地铁2号线、G15沈海高速、320国道、第3号台风、5路公交车，北京路是步行街，人民路与中山路交叉口附近。
""",
        """
姓名：（请填写真实姓名） 联系人：同上 电话：见附件 地址：略 身份证号：«-bad_resident_id»（校验失败） 护照：有效期内
""",
        """
订单«-order»，银行卡«-bad_card»扣款失败，错误码10086001，流水«-epoch»，发票«-invoice»，请输入11位手机号如«-bad_phone»。
""",
        """
«-words_zh»«-words_zh»王者荣耀、李宁、张家口、高老庄，何时何地，于是他们出发了，任何人不得入内。
""",
        """
⟨订单号|订单编号|交易单号|商户单号⟩：«-luhn»，支付宝流水号«-luhn»，下单时间«-time»，会员编号«-number»。
""",
        """
京东、沪深300指数、粤语、川菜A套餐、沪C语言培训班、晋级赛、鲁B5纸张（京剧A角）。
""",
        """
长度约 1380013 米，编号 2019-0034567，QQ群 «-number»，版本 «-version»，更新于 «-time»，点赞 13800，收藏 20450。
""",
        """
版權所有 2001–2021，第12版第3刷，統一編號，服務時間 09:00-18:00，國道3號、臺9線，第一百七十三條規定。
""",
    ),
    *templates(
        "de",
        """
Az. 12 O 345/19, § 823 Abs. 1 BGB, Drucksache 19/12345, Artikelnr. 4006-381-333, «-price», Seite 120–128, PLZ siehe unten.
""",
        """
Am «-date» um 10:30 Uhr, Zug ICE 1234, Gleis 7, Wagen 21, Sitz 61-63; Tabelle 12.3.4.5, EAN 4006381333931.
""",
    ),
    *templates(
        "fr",
        """
Article L. 121-1 du code, loi n° 78-17 du 6 janvier 1978, pages 120-128, «-price», référence «-number», TVA 20 %.
""",
    ),
    *templates(
        "es",
        """
Ley 39/2015, artículo 12.3, BOE núm. 236, págs. 120-128, expediente 2019/12345, población 1.204.556 habitantes.
""",
    ),
    *templates(
        "ja",
        """
平成30年法律第71号、第12条第3項、受付番号「«-number»」、価格«-price»、100-200ページ、〒以外の番号 2019-0034567。
""",
    ),
    *templates(
        "ko",
        """
법률 제12345호, 제3조 제2항, 2019년 12월 31일 기준 인구 9,729,107명, 버전 «-version», 관리번호 «-number».
""",
    ),
    *templates(
        "ru",
        """
ГОСТ 7.32-2017, статья 12.3, стр. 120–128, население 1 204 556 чел., ИНН не указан, заявка № «-number» от «-date».
""",
    ),
]
