"""Templates in English that rules are measured with; who writes rules does not read them. See `labelled_text`."""

from __future__ import annotations

from labelled_text import templates

LETTERS = templates(
    "en",
    """
From: «person» <«email»>
To: «person» <«email:work»>
Cc: "«person:comma»" <«email:work»>
Subject: Re: invoice «-invoice»
Date: «-time»
Message-ID: <«-uuid»@mail.internal>

Hello, the amount is wrong again. Could you call me on «phone:us_fixed» before «-clock»?

⟨Kind regards|Best wishes|Yours sincerely|Cheers|Sincerely|Thanks|Best⟩,
⟨«person»|«person:first»|«person:initial»⟩
""",
    """
--
«person»
⟨Senior Engineer|Head of Procurement|Account Executive⟩, «-company»
⟨T|Tel|Ph|Mobile|Cell|M⟩⟨: |. | ⟩«phone:us_mobile_intl» ⟨•|/|·⟩ F: «phone:us_fixed»
«address:us»
⟨mailto:|✉ |e: ⟩«email:work»
""",
    """
Dear Dr. «person:last»,

thank you for seeing my mother on «-date». As discussed with Mrs. «person», her new address is «address:us». The
practice on «address:street» has been told.

With best regards,
«person:double»
""",
    """
Hey everyone! I'm selling two tickets for Friday. PM me, text «phone:dotted» or mail ⟨me at |to ⟩«email»!! No calls
before 10:30, seats 114-115, row 12, price «-price».
""",
    """
> On «-date», «person» wrote:
>> The board (rev «-version») needs 3.3 V, part no. «-number».
> My mobile is «phone:gb_mobile», WhatsApp «phone:gb_mobile_e164».

Regards
«person:first»
""",
    """
My name is «person:foreign». I live at «address:uk» and was born in 1984. You can write to «email» or ring «phone:gb_fixed».
""",
    """
Signed: «person»
Attn: «person:initials»
Ship to «address:lines»
Attention: Billing Department
""",
    """
«-clock» <tux> anyone know how to unmount?
«-clock» <mel> tux: mail me at «email», or ping «ip»
«-clock» <tux> got 404 from «-private_ip», kernel «-version»
""",
)
FORMS = templates(
    "en",
    """
PATIENT INFORMATION
Patient: «person:upper»
⟨SSN|Social Security Number|Social Security No.⟩: ⟨«ssn»|«ssn:plain»⟩
Home phone: «phone:us_fixed»    Work: «phone:dashed» ext. ⟨12|4410⟩
Address: «address:lines»
MRN: «-number»   DOB: «-date»
""",
    """
⟨Full name|Name|Customer|Applicant⟩: «person»
Email address: «email»
Passport ⟨number|no.|No|#⟩: ⟨«passport:us»|«passport:next»|«passport:de»⟩
Mailing address: «address:us»
Reference: «-order»
""",
    """
| Contact person | Telephone | E-mail |
|---|---|---|
| «person» | «phone:us_mobile» | «email:work» |
""",
    """
Cardholder: «person:upper»
Card no. «card», exp 08/27, CVV 123
Amount «-price» · Auth «-number» · Batch «-number»
""",
    """
CURRICULUM VITAE
Name: «person:initial»
«address:ca»
⟨Phone|Cell phone|Tel.⟩: «phone:us_mobile» | «email»

2009–2014  «-company», analyst
ISBN «-isbn» (co-author), cited «-number» times
""",
    """
Emergency contact: «person», «phone:us_mobile»
Vehicle: blue Honda Civic 2016, ⟨license plate|License Plate|plate number|Plate no.⟩ ⟨«licence_plate:us»|«licence_plate:uk»⟩
Claim «-order», policy «-number»
""",
    """
<dl>
<dt>Landlord</dt><dd>Mr. «person»</dd>
<dt>Property</dt><dd>«address:us»</dd>
<dt>Tel</dt><dd><a href="tel:«phone:us_mobile_e164»">«phone:us_mobile»</a></dd>
<dt>Mail</dt><dd><a href="mailto:«email:work»">write to us</a></dd>
</dl>
""",
    """
SHIP FROM: «-company», «address:pobox»
SHIP TO:
«person»
«address:lines»
TRACKING #: «-tracking»  WEIGHT 4.5 LB  REF «-invoice»
""",
    """
Payment details. Account holder: «-company». ⟨IBAN: «iban»|IBAN «iban»⟩, BIC DEUTDEFF500, VAT DE123456789.
Or by card: «card:spaced» (Visa, Mastercard). Due «-date», not «-bad_iban».
""",
    """
Witness: «person:initials», SSN «ssn», taken at «address:us» on «-date», case no. 3:21-cv-04521.
""",
)
MACHINES = templates(
    "en",
    """
«ip» - - [«-time»] "GET /static/app.«-short».js HTTP/1.1" 200 «-number» "-" "Mozilla/5.0 (X11; Linux x86_64) Chrome/«-build» Safari/537.36"
«ip:v6» - admin [«-time»] "POST /login HTTP/2.0" 302 0
«-private_ip» - - [«-time»] "GET /health HTTP/1.1" 200 2
""",
    """
Jan 12 03:14:15 gw dhcpd[«-number»]: DHCPACK on «-private_ip» to «mac» (laptop) via eth0
Jan 12 03:14:16 gw sshd[2211]: Failed password for root from «ip» port 51022 ssh2
Jan 12 03:14:17 sw1 %PORT: «mac:dots» flapping on Gi1/0/4
""",
    """
Physical Address. . . . . . . . . : «mac:hyphens»
IPv6 Address. . . . . . . . . . . : «ip:v6»
IPv4 Address. . . . . . . . . . . : «ip»(Preferred)
Subnet Mask . . . . . . . . . . . : 255.255.255.0
""",
    """
services:
  web:
    image: registry.internal/app:«-version»
    environment:
      DATABASE_URL: "mysql://«url_credentials»@db:3306/shop?ssl=true"
      STRIPE_KEY: «api_key:stripe»
      SENDGRID_API_KEY: '«api_key:sendgrid»'
      FALLBACK: «-placeholder_url»
    ports: ["8080:80"]
""",
    """
import boto3
client = boto3.client("s3",
    aws_access_key_id="«api_key:aws»",
    aws_secret_access_key="«api_key:aws_secret»")
TABLE = [«-constant», «-constant»]
# TODO: ask «email:work» for the new bucket
""",
    """
$ git clone https://«url_credentials»@git.acme-tools.io/ops/site.git
$ export GITLAB_TOKEN=«api_key:gitlab» HF_TOKEN=«api_key:huggingface»
$ curl -H "Authorization: Bearer «api_key:jwt»" https://api.acme-tools.io/v2/users/«-number»
$ npm config set //registry/:_authToken «api_key:npm»
""",
    """
{"openai": "«api_key:openai»", "anthropic": "«api_key:anthropic»", "maps": "«api_key:google»", "id": "«-uuid»", "etag": "«-md5»"}
""",
    """
const octokit = new Octokit({ auth: "«api_key:github»" }); // old: «-placeholder_key»
const bot = new WebClient('«api_key:slack»');
const hook = "«api_key:webhook»";
const pat = `«api_key:github_pat»`;
const sum = "sha1-«-sha1»";
""",
    """
[twilio]
account = "main"
key_sid = «api_key:twilio»
[weather]
api_key = "«api_key:hex»"
secret_key = "«api_key:plain»"
timeout_ms = 30000
""",
    """
-  password: ""
+  OPENAI_API_KEY=«api_key:openai_project»
+  AMQP=amqp://«url_credentials»@mq.acme-tools.io:5672/%2f
index «-short»..«-short» 100644
""",
    """
{"type": "service_account", "project_id": "acme-prod", "private_key_id": "«-sha1»",
 "private_key": "«private_key:escaped»\\n", "client_email": "«email:work»"}
""",
    """
cat > ~/.ssh/id_ed25519 <<KEY
«private_key:ssh»
KEY
ssh-copy-id -i ~/.ssh/id_ed25519.pub root@«ip»
""",
    """
tls.key:
«private_key:⟨ec|pkcs8|secret⟩»
tls.crt:
«-certificate»
""",
    """
geo: "GPS «coordinates»" accuracy=12m
position = GPS coordinates: «coordinates:dms»
""",
    """
Meet at the trailhead (GPS: «coordinates»), not the old one. Coordinates: «coordinates:dms». Elevation 1,204 m.
""",
    """
Send ⟨BTC|bitcoin⟩ to «wallet:⟨legacy|script|segwit|taproot⟩» (min. 0.0005). USDT-TRC20: «wallet:tron». LTC: «wallet:litecoin».
txid «-sha256»
""",
    """
Treasury wallet «wallet:ethereum» received 1.5 ETH; ethereum address: «wallet:lower». Block 17034870, contract call «-constant».
""",
    """
-----BEGIN PGP SIGNED MESSAGE-----
Our donation addresses: «wallet:segwit» and «wallet:ethereum»
-----BEGIN PGP SIGNATURE-----
«-base64»
-----END PGP SIGNATURE-----
""",
    """
+----------+----------------------+-----------------+
| id       | email                | last_ip         |
+----------+----------------------+-----------------+
| «-number» | «email» | «ip» |
| «-number» | «email:work» | «ip» |
+----------+----------------------+-----------------+
""",
    """
user_id,name,phone,signup
«-number»,acct,«phone:us_mobile_e164»,«-epoch»
«-number»,acct,«phone:us_mobile_intl»,«-epoch»
""",
)
NOTICES = templates(
    "en",
    """
PUBLIC NOTICE. A hearing will be held at «address:us» on «-date». Written comments go to Ms. «person», «address:pobox»,
or «email:work». TTY «phone:us_free». Docket ID EPA-HQ-OAR-2021-0317, 86 FR 12345.
""",
    """
Opening hours Mon–Fri 9–17. Visit our showroom: «address:uk». ⟨Call|Ring⟩ us free on «phone:gb_free» or internationally
«phone:gb_fixed_intl». Company no. 04512233, VAT GB 123 4567 89.
""",
    """
About the author. Professor «person:initials» lives in Boston. Inquiries: «email:work», (o) «phone:dashed», (h) «phone:us_mobile».
""",
    """
LOST DOG near «address:street»! Brown, answers to Biscuit. Reward! Please call us at «phone:us_mobile».
""",
    """
Hotels: Sydney «phone:au_fixed_intl»; Mumbai «phone:in_mobile_intl»; Seoul «phone:kr_fixed_intl»; São Paulo «phone:br_mobile_intl»;
Madrid «phone:es_fixed_intl»; Moscow «phone:ru_mobile_intl»; Hong Kong «phone:hk_fixed_intl»; Tokyo «phone:jp_mobile_intl».
""",
    """
Complaints may be sent to: The Manager, «address:us» (phone «phone:us_free»; fax «phone:dashed»), quoting «-order».
""",
    """
The defendant, Mr. «person:initial», of «address:us», and his sister, Miss «person:last», appeared in court on «-date».
""",
)

ODD = templates(
    "en",
    """
No spam please: «email:hidden». Office «phone:us_extension», London office «phone:gb_zero».
""",
    """
curl -s http://«ip»:9200/_cat/health; nmap -p 22,443 «ip» # [::ffff:10.0.0.1], [«ip:v6»]:443
""",
    """
Maintainers: «person» <«email:work»>, «person:double» <«email»>; list archive «-sample_email», bugs to «-git_url»
""",
    """
Hi, this is Dr. «person:last»'s office. Please bring your insurance card to «address:street», and call «phone:dashed» if
you are late. Fee «-price», code «-short».
""",
    """
Buyer: Mr. «person:initial»
Seller: «-company»
Delivery address: «address:lines»
Paid by credit card «card» on «-date» (approval «-number»)
""",
    """
Whois: Registrant Name: «person»
Registrant Street: «address:street»
Registrant Phone: «phone:us_mobile_e164»
Registrant Email: «email»
Updated Date: «-time»
""",
)
