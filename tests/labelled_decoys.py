"""Made-up things that look like personal data and are none: versions, hashes, numbers of orders, broken checksums."""

from __future__ import annotations

import base64
import datetime
import random
import string
import uuid

from faker import Faker
from labelled_pools import Pool
from labelled_secrets import drawn, pem
from stdnum import ean, issn, luhn
from stdnum.cn import ric
from stdnum.iso7064 import mod_11_10

HEXADECIMAL = "0123456789abcdef"


class Decoys:
    """Draws decoys: `make("isbn")` calls `isbn()`."""

    def __init__(self, chance: random.Random, pool: Pool) -> None:
        self.chance, self.pool = chance, pool
        self.english, self.chinese = Faker(pool.english[0]), Faker("zh_CN")
        for fake in (self.english, self.chinese):
            fake.seed_instance(chance.randrange(1 << 32))

    def make(self, name: str) -> str:
        return str(getattr(self, name)())

    def digits(self, length: int) -> str:
        return drawn(self.chance, "123456789", 1) + drawn(self.chance, string.digits, length - 1)

    def moment(self) -> datetime.datetime:
        return datetime.datetime(2001, 1, 1) + datetime.timedelta(seconds=self.chance.randrange(25 * 365 * 86_400))

    def version(self) -> str:
        parts = [self.chance.randrange(12), self.chance.randrange(20), self.chance.randrange(20)]
        shape = self.chance.choice(["v{}.{}.{}", "{}.{}.{}", "{}.{}.{}.4", "{}.{}.{}-rc.2", "{}.{}.{}+build.20240115"])
        return shape.format(*parts)

    def build(self) -> str:
        """A version of four parts, as browsers have it."""
        return f"{self.chance.randrange(90, 130)}.0.{self.chance.randrange(4000, 7000)}.{self.chance.randrange(256)}"

    def isbn(self) -> str:
        body = self.chance.choice(["978-0-", "978-7-", "979-8-"]) + f"{self.digits(3)}-{self.digits(5)}-"
        compact = body.replace("-", "")
        check = ean.calc_check_digit(compact)
        return self.chance.choice([body + check, compact + check])

    def issn(self) -> str:
        body = self.digits(7)
        return f"{body[:4]}-{body[4:]}{issn.calc_check_digit(body)}"

    def doi(self) -> str:
        return f"10.{self.digits(4)}/{self.chance.choice(['s', 'j.cell.', 'zenodo.', 'pone.0'])}{self.digits(7)}"

    def order(self) -> str:
        moment = self.moment()
        return self.chance.choice(
            [
                f"{moment:%Y%m%d%H%M%S}{self.digits(4)}",
                f"SO-{moment:%Y}-{self.digits(6)}",
                f"#{self.digits(7)}",
                f"{self.digits(3)}-{self.digits(7)}-{self.digits(7)}",
                self.digits(10),
                self.digits(11),
                self.digits(16),
            ]
        )

    def luhn(self) -> str:
        """Sixteen digits with Luhn's check, as some shops and ledgers number what they do; no card, whatever its
        first digits are."""
        body = self.digits(15)
        return body + str(luhn.calc_check_digit(body))

    def vat(self) -> str:
        """Of Germany, with its check digit (ISO 7064, as python-stdnum has it)."""
        body = self.digits(8)
        return f"DE{body}{mod_11_10.calc_check_digit(body)}"

    def invoice(self) -> str:
        return self.chance.choice(
            [f"INV-{self.digits(8)}", f"{self.moment():%Y}/{self.digits(5)}", f"RE{self.digits(9)}"]
        )

    def tracking(self) -> str:
        return self.chance.choice(
            [
                "1Z" + drawn(self.chance, string.ascii_uppercase + string.digits, 16),
                f"SF{self.digits(13)}",
                f"RR{self.digits(9)}CN",
                f"YT{self.digits(13)}",
            ]
        )

    def asin(self) -> str:
        return "B0" + drawn(self.chance, string.ascii_uppercase + string.digits, 8)

    def sha1(self) -> str:
        return drawn(self.chance, HEXADECIMAL, 40)

    def short(self) -> str:
        """A short git hash."""
        return drawn(self.chance, HEXADECIMAL, self.chance.choice([7, 10, 12]))

    def sha256(self) -> str:
        return drawn(self.chance, HEXADECIMAL, 64)

    def md5(self) -> str:
        return drawn(self.chance, HEXADECIMAL, 32)

    def uuid(self) -> str:
        return str(uuid.UUID(int=self.chance.getrandbits(128), version=4))

    def epoch(self) -> str:
        seconds = int(self.moment().replace(tzinfo=datetime.UTC).timestamp())
        return self.chance.choice([str(seconds), f"{seconds}{self.digits(3)}", f"{seconds}.{self.digits(6)}"])

    def date(self) -> str:
        return self.moment().strftime(
            self.chance.choice(["%Y-%m-%d", "%d/%m/%Y", "%Y年%m月%d日", "%d.%m.%Y", "%Y%m%d", "%B %d, %Y"])
        )

    def time(self) -> str:
        return self.moment().strftime(
            self.chance.choice(["%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M:%S,123", "%d/%b/%Y:%H:%M:%S +0800"])
        )

    def clock(self) -> str:
        return self.moment().strftime("%H:%M:%S")

    def constant(self) -> str:
        return self.chance.choice([*self.pool.constants, "0x" + drawn(self.chance, HEXADECIMAL, 16)])

    def array(self) -> str:
        return ", ".join(str(self.chance.randrange(1, 10_000)) for _ in range(12))

    def floats(self) -> str:
        return ", ".join(f"{self.chance.uniform(-1, 1):.{self.chance.choice([4, 8, 12])}f}" for _ in range(6))

    def bad_phone(self) -> str:
        """Of a wrong length, or with a wrong prefix."""
        return self.chance.choice(
            [
                f"138{self.digits(6)}",
                f"138{self.digits(10)}",
                f"102{self.digits(8)}",
                f"555-0{self.digits(2)}",
                f"{self.digits(3)}-{self.digits(2)}-{self.digits(3)}",
            ]
        )

    def bad_card(self) -> str:
        body = "4" + drawn(self.chance, string.digits, 14)
        digits = body + str((int(luhn.calc_check_digit(body)) + self.chance.randrange(1, 10)) % 10)
        return self.chance.choice([digits, " ".join(digits[place : place + 4] for place in range(0, 16, 4))])

    def bad_resident_id(self) -> str:
        """Wrong check character, or a date that was none; some have Luhn's check, as one of ten numbers has."""
        born = self.chance.choice(["19901331", "19851131", "20010230", "19900415", "19731024"])
        body = f"{self.chance.choice(self.pool.id_places)}{born}{self.digits(3)}"
        check = ric.calc_check_digit(body + "0")
        if born in ("19900415", "19731024"):
            check = "5" if check != "5" else "3"
        return body + check

    def bad_iban(self) -> str:
        return f"DE00 {self.digits(4)} {self.digits(4)} {self.digits(4)} {self.digits(4)} {self.digits(2)}"

    def private_ip(self) -> str:
        middle = f"{self.chance.randrange(256)}.{self.chance.randrange(1, 255)}"
        return self.chance.choice(
            [
                f"10.0.{middle}",
                f"192.168.{middle}",
                f"172.16.{middle}",
                *self.pool.reserved_ips,
            ]
        )

    def sample_email(self) -> str:
        return f"{self.english.user_name()}@{self.chance.choice(self.pool.sample_domains)}"

    def git_url(self) -> str:
        return f"git@github.com:{self.english.user_name()}/{self.english.word()}.git"

    def package(self) -> str:
        return f"@{self.english.word()}/{self.english.word()}@{self.version()}"

    def placeholder_key(self) -> str:
        return self.chance.choice(self.pool.no_keys)

    def placeholder_url(self) -> str:
        return self.chance.choice(self.pool.no_credentials)

    def certificate(self) -> str:
        return pem(self.chance, self.chance.choice(["CERTIFICATE", "PUBLIC KEY", "RSA PUBLIC KEY"]), 4)

    def base64(self) -> str:
        return base64.b64encode(self.chance.randbytes(self.chance.randrange(60, 160))).decode()

    def company(self) -> str:
        return self.english.company()

    def company_zh(self) -> str:
        return self.chinese.company()

    def sentence(self) -> str:
        return self.english.sentence()

    def words_zh(self) -> str:
        return self.chinese.sentence()

    def pages(self) -> str:
        start = self.chance.randrange(100, 3000)
        return f"{self.chance.randrange(2, 90)}({self.chance.randrange(1, 12)}):{start}–{start + self.chance.randrange(3, 40)}"

    def price(self) -> str:
        return self.chance.choice(
            [
                f"${self.chance.randrange(1, 999)},{self.digits(3)}.00",
                f"¥{self.digits(8)}",
                f"{self.digits(7)}円",
                f"€ {self.digits(4)},50",
            ]
        )

    def number(self) -> str:
        """Some have as many digits as a telephone number."""
        return self.digits(self.chance.choice([4, 5, 6, 7, 8, 9, 10, 11, 12]))
