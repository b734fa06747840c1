"""Made-up personal data by entity and variant: from Faker, the examples of phonenumbers, and check digits of python-stdnum."""

from __future__ import annotations

import datetime
import random
import re
import string

import phonenumbers
from faker import Faker
from labelled_places import Places
from labelled_pools import Pool
from labelled_secrets import api_key, drawn, pem, wallet
from stdnum import iban, luhn
from stdnum.cn import ric

MOBILE, FIXED, FREE = (
    phonenumbers.PhoneNumberType.MOBILE,
    phonenumbers.PhoneNumberType.FIXED_LINE,
    phonenumbers.PhoneNumberType.TOLL_FREE,
)
NATIONAL, INTERNATIONAL, E164 = (
    phonenumbers.PhoneNumberFormat.NATIONAL,
    phonenumbers.PhoneNumberFormat.INTERNATIONAL,
    phonenumbers.PhoneNumberFormat.E164,
)
WIDE = str.maketrans("0123456789", "０１２３４５６７８９")
PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"


class Values:
    """Draws values: `make("phone:us_mobile")` calls `phone_us_mobile()`, else `phone("us_mobile")`."""

    def __init__(self, chance: random.Random, pool: Pool) -> None:
        self.chance, self.pool = chance, pool
        self.fakers = {name: Faker(name) for name in ("en_US", *pool.english, "zh_CN", "de_DE", "fr_FR", "es_ES")}
        for fake in self.fakers.values():
            fake.seed_instance(chance.randrange(1 << 32))
        self.places = Places(chance, self.english, pool)

    def english(self) -> Faker:
        return self.fakers[self.chance.choice(self.pool.english)]

    def make(self, name: str) -> str:
        entity, _, variant = name.partition(":")
        if entity == "address":
            return str(getattr(self.places, f"address_{variant or 'us'}")())
        own = getattr(self, f"{entity}_{variant}", None)
        return str(own()) if own else str(getattr(self, entity)(*([variant] if variant else [])))

    def email(self, where: str = "") -> str:
        """where: qq (a number at QQ), work (a company's domain), or any."""
        fake, chance = self.english(), self.chance
        if where == "qq":
            return f"{chance.randrange(10**8, 10**10)}@qq.com"
        first, last = (re.sub("[^a-z]", "", one.lower()) for one in (fake.first_name(), fake.last_name()))
        local = chance.choice(
            [fake.user_name(), f"{first}.{last}", f"{first[0]}{last}{chance.randrange(100)}", f"{first}_{last}+news"]
        )
        is_work = where == "work" or chance.random() < 0.5
        domain = fake.domain_name(chance.choice([1, 1, 2])) if is_work else chance.choice(self.pool.domains)
        odd = chance.random()
        if odd < 0.03:
            return f"{first[0]}.o'{last}@{domain}"
        if odd < 0.06:
            return f"{first}-{last}@{chance.choice(self.pool.odd_domains)}"
        if odd < 0.09:
            return self.chance.choice([f"{first.title()}.{last.title()}@{domain}", f"{first}{last}@{domain}".upper()])
        return f"{local}@{domain}"

    def email_hidden(self) -> str:
        """As people write it against robots."""
        local, domain = self.email("qq" if self.chance.random() < 0.1 else "").lower().split("@")
        shape = self.chance.choice(["{} [at] {}", "{}(at){}", "{} (at) {}", "{}[at]{}"])
        dot = self.chance.choice([".", " [dot] "]) if "[" in shape else self.chance.choice([".", "(dot)"])
        return shape.format(local, domain.replace(".", dot))

    def phone(self, how: str = "us") -> str:
        """how: region, then _mobile, _fixed or _free, then _intl or _e164; `us_mobile_intl`."""
        region, *rest = how.split("_")
        kind = {"mobile": MOBILE, "fixed": FIXED, "free": FREE}[(rest or ["mobile"])[0]]
        shape = INTERNATIONAL if "intl" in rest else E164 if "e164" in rest else NATIONAL
        return phonenumbers.format_number(self._number(region.upper(), kind), shape)

    def _number(self, region: str, kind: int) -> phonenumbers.PhoneNumber:
        """The example of phonenumbers with its last four to six digits drawn anew, if it is still valid."""
        example = phonenumbers.example_number_for_type(region, kind)
        digits = str(example.national_number)
        if region == "US" and kind != FREE:
            digits = self.chance.choice(self.pool.us_areas) + digits[3:]
        for _ in range(200):
            n_new = self.chance.randrange(4, 7)
            changed = int(digits[:-n_new] + drawn(self.chance, string.digits, n_new))
            number = phonenumbers.PhoneNumber(country_code=example.country_code, national_number=changed)
            if len(str(changed)) == len(digits) and phonenumbers.is_valid_number_for_region(number, region):
                return number
        return example

    def phone_cn(self) -> str:
        """A mobile number of mainland China, as it is grouped there."""
        digits = self.chance.choice(self.pool.mobile) + drawn(self.chance, string.digits, 8)
        groups = f"{digits[:3]}{{0}}{digits[3:7]}{{0}}{digits[7:]}"
        return self.chance.choice(
            [digits, digits, digits, groups.format("-"), groups.format(" "), digits.translate(WIDE)]
        )

    def phone_cn_fixed(self) -> str:
        area = self.chance.choice(self.pool.fixed)
        local = self.chance.choice("5678") + drawn(self.chance, string.digits, 7)
        return self.chance.choice(
            [f"{area}-{local}", f"({area}){local}", f"（{area}）{local}", f"{area} {local[:4]} {local[4:]}"]
        )

    def phone_cn_400(self) -> str:
        digits = drawn(self.chance, string.digits, 6)
        return self.chance.choice(
            [
                f"400-{digits[:3]}-{digits[3:]}0",
                f"400{self.chance.choice('1689')}{digits}",
                f"800-{digits[:3]}-{digits[3:]}1",
            ]
        )

    def phone_tw(self) -> str:
        digits = drawn(self.chance, string.digits, 6)
        return self.chance.choice(self.pool.taiwanese).format(digits[:3], digits[3:], digits[2])

    def phone_cn_86(self) -> str:
        digits = self.phone("cn_mobile").replace(" ", "")
        shape = self.chance.choice(["+86 {}", "+86-{}", "(+86){}", "86-{}", "0086 {}", "+86{}"])
        return shape.format(digits)

    def phone_gb_zero(self) -> str:
        """With the zero that callers from abroad leave out."""
        return f"+44 (0){self.phone('gb_fixed')[1:]}"

    def phone_de_slash(self) -> str:
        area, rest = self.phone("de_fixed").split(" ", 1)
        return f"{area}{self.chance.choice(['/', ' / ', '-'])}{rest}"

    def phone_us_extension(self) -> str:
        return f"{self.phone('us_fixed')} {self.chance.choice(['x', 'ext. ', 'ext '])}{self.chance.randrange(10, 9999)}"

    def phone_dotted(self) -> str:
        return self.phone("us_mobile").replace("(", "").replace(") ", ".").replace("-", ".")

    def phone_dashed(self) -> str:
        return self.phone("us_fixed").replace("(", "").replace(") ", "-")

    def ip(self) -> str:
        return self.fakers["en_US"].ipv4_public()

    def ip_v6(self) -> str:
        groups = [f"{self.chance.randrange(1, 1 << 16):x}" for _ in range(5)]
        start = self.chance.choice(self.pool.ipv6)
        return self.chance.choice(
            [
                f"{start}::{groups[0]}",
                f"{start}:{groups[1]}::{groups[2]}:{groups[3]}",
                f"{start}:{':'.join(groups)}:{groups[0]}",
            ]
        )

    def mac(self, shape: str = "colons") -> str:
        digits = self.chance.choice(self.pool.macs) + drawn(self.chance, "0123456789abcdef", 6)
        if shape == "dots":
            return ".".join(digits[place : place + 4] for place in range(0, 12, 4))
        pairs = [digits[place : place + 2] for place in range(0, 12, 2)]
        return "-".join(pairs).upper() if shape == "hyphens" else ":".join(pairs)

    def url_credentials(self) -> str:
        user = self.chance.choice([self.english().user_name(), *self.pool.users])
        password = drawn(self.chance, string.ascii_letters + string.digits, self.chance.randrange(8, 16))
        return f"{user}:{self.chance.choice([password, password + '%40!', password + '$x', 'S3' + password])}"

    def coordinates(self, shape: str = "pair") -> str:
        north, east = self.chance.uniform(20, 60), self.chance.uniform(70, 130)
        if shape == "dms":
            return " ".join(
                f"{int(one)}°{int(one * 60 % 60):02d}'{int(one * 3600 % 60):02d}\"{side}"
                for one, side in ((north, "N"), (east, "E"))
            )
        if shape == "chinese":
            return f"北纬{int(north)}°{int(north * 60 % 60)}′{int(north * 3600 % 60)}″，东经{int(east)}°{int(east * 60 % 60)}′{int(east * 3600 % 60)}″"
        return f"{north:.5f}, {-east:.5f}" if self.chance.random() < 0.5 else f"{north:.6f},{east:.6f}"

    def card(self, shape: str = "any") -> str:
        digits = self.checked(*self.chance.choice(self.pool.issuers))
        groups = (
            [digits[:4], digits[4:10], digits[10:]]
            if len(digits) < 16
            else [digits[place : place + 4] for place in range(0, 16, 4)]
        )
        return self.chance.choice([digits, " ".join(groups), "-".join(groups)]) if shape == "any" else " ".join(groups)

    def card_union(self) -> str:
        digits = self.checked(*self.chance.choice(self.pool.unions))
        return self.chance.choice(
            [
                digits,
                digits,
                " ".join(digits[place : place + 4] for place in range(0, len(digits), 4)),
                digits.translate(WIDE),
            ]
        )

    def checked(self, prefix: str, length: int) -> str:
        body = prefix + drawn(self.chance, string.digits, length - len(prefix) - 1)
        return body + luhn.calc_check_digit(body)

    def iban(self) -> str:
        country, (bank, length) = self.chance.choice(list(self.pool.ibans.items()))
        body = bank + drawn(self.chance, string.digits, length)
        whole = country + iban.calc_check_digits(f"{country}00{body}") + body
        return iban.format(whole) if self.chance.random() < 0.5 else whole

    def ssn(self) -> str:
        return self.fakers["en_US"].ssn()

    def ssn_plain(self) -> str:
        return self.ssn().replace("-", self.chance.choice(["", " "]))

    def resident_id(self) -> str:
        born = datetime.date(1950, 1, 1) + datetime.timedelta(self.chance.randrange(20_000))
        place = self.chance.choice(self.pool.id_places)
        body = f"{place}{born:%Y%m%d}{self.chance.randrange(1, 1000):03d}"
        return body + ric.calc_check_digit(body + "0")

    def resident_id_wide(self) -> str:
        return self.resident_id().translate(WIDE)

    def passport(self, country: str = "us") -> str:
        return {
            "us": lambda: drawn(self.chance, "123456789", 9),
            "next": lambda: self.chance.choice("ABCXYZ") + drawn(self.chance, string.digits, 8),
            "cn": lambda: self.chance.choice(["E", "G", "EA", "EB"])[:2] + drawn(self.chance, string.digits, 8),
            "de": lambda: "C01" + drawn(self.chance, "XTPY0123456789", 5) + drawn(self.chance, string.digits, 1),
        }[country]()[:9]

    def licence_plate(self, kind: str = "cn") -> str:
        letters = "ABCDEFGHJKLMNPQRSTUVWXYZ"
        tail = drawn(self.chance, letters, 1) + drawn(self.chance, string.digits, 4)
        return {
            "cn": lambda: (
                self.chance.choice(PROVINCES)
                + self.chance.choice("ABCDEFGH")
                + self.chance.choice(["", "", "·", " "])
                + tail
            ),
            "green": lambda: (
                self.chance.choice(PROVINCES) + self.chance.choice("ABC") + "D" + drawn(self.chance, string.digits, 5)
            ),
            "us": lambda: (
                drawn(self.chance, string.digits, 1)
                + drawn(self.chance, letters, 3)
                + drawn(self.chance, string.digits, 3)
            ),
            "uk": lambda: (
                drawn(self.chance, "ABCDEFGHK", 2)
                + drawn(self.chance, string.digits, 2)
                + " "
                + drawn(self.chance, letters, 3)
            ),
        }[kind]()

    def api_key(self, kind: str) -> str:
        return api_key(self.chance, kind)

    def wallet(self, kind: str) -> str:
        return wallet(self.chance, kind)

    def private_key(self, label: str = "rsa") -> str:
        labels = {
            "rsa": "RSA PRIVATE KEY",
            "ec": "EC PRIVATE KEY",
            "ssh": "OPENSSH PRIVATE KEY",
            "pkcs8": "PRIVATE KEY",
            "secret": "ENCRYPTED PRIVATE KEY",
        }
        return pem(self.chance, labels[label])

    def private_key_escaped(self) -> str:
        return pem(self.chance, "PRIVATE KEY").replace("\n", "\\n")

    def person(self, shape: str = "full") -> str:
        fake = self.english()
        first, last = fake.first_name(), fake.last_name()
        return {
            "full": f"{first} {last}",
            "first": first,
            "last": last,
            "upper": f"{first} {last}".upper(),
            "initial": f"{first} {self.chance.choice('ABCDEJLMRS')}. {last}",
            "initials": f"{first[0]}. {self.chance.choice('ABCDEJLMRS')}. {last}",
            "comma": f"{last}, {first}",
            "double": f"{first} {last}-{fake.last_name()}",
            "foreign": self.chance.choice(
                [self.fakers["de_DE"], self.fakers["fr_FR"], self.fakers["es_ES"]]
            ).first_name()
            + " "
            + self.chance.choice(self.pool.foreign),
        }[shape]

    def surname(self) -> str:
        return self.chance.choice(self.pool.surnames or (self.fakers["zh_CN"].last_name(),))

    def person_zh(self) -> str:
        if self.chance.random() < 0.1:
            return self.chance.choice(self.pool.compound)
        return self.surname() + self.chance.choice(self.pool.given or (self.fakers["zh_CN"].first_name(),))

    def person_surname(self) -> str:
        return self.surname() if self.chance.random() < 0.9 else self.chance.choice(self.pool.two_character_surnames)

    def person_tw_surname(self) -> str:
        return self.chance.choice(self.pool.traditional)

    def person_tw(self) -> str:
        return self.person_tw_surname() + self.chance.choice(self.pool.traditional_given)
