"""Made-up keys and wallets of documented forms: right prefix, alphabet, length and checksum, random payload."""

from __future__ import annotations

import base64
import hashlib
import json
import random
import re
import string

ALPHANUMERIC = string.ascii_letters + string.digits
BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
URL_SAFE = ALPHANUMERIC + "-_"


ALPHABETS = {
    "alnum": ALPHANUMERIC,
    "letters": string.ascii_letters,
    "digits": "123456789",
    "hex": "0123456789abcdef",
    "base32": string.ascii_uppercase + "234567",
    "upper": string.ascii_uppercase + string.digits,
    "base64": ALPHANUMERIC + "+/",
    "url": URL_SAFE,
}
KEYS = {
    "aws": "AKIA<base32:16>|ASIA<base32:16>",
    "aws_secret": "<base64:40>",
    "github": "ghp_<alnum:36>|gho_<alnum:36>|ghs_<alnum:36>|ghu_<alnum:36>",
    "github_pat": "github_pat_<alnum:22>_<alnum:59>",
    "gitlab": "glpat-<url:20>",
    "slack": "xoxb-<digits:12>-<digits:13>-<alnum:24>|xoxb-<digits:12>-<digits:12>-<alnum:24>|xoxp-<digits:12>-<digits:12>-<digits:12>-<hex:32>",
    "webhook": "https://hooks.slack.com/services/T<upper:10>/B<upper:10>/<alnum:24>",
    "google": "AIza<url:34><alnum:1>",
    "stripe": "sk_live_<alnum:24>|rk_live_<alnum:24>",
    "openai": "sk-<alnum:20>T3BlbkFJ<alnum:20>",
    "openai_project": "sk-proj-<alnum:48>",
    "anthropic": "sk-ant-api03-<url:93>AA",
    "huggingface": "hf_<letters:34>",
    "npm": "npm_<alnum:36>",
    "sendgrid": "SG.<alnum:22>.<alnum:43>",
    "twilio": "SK<hex:32>",
    "hex": "<hex:32>",
    "plain": "<alnum:24>|<alnum:32>|<alnum:40>",
}
"""Kind of key -> its forms, as its maker documents them or scanners for secrets know them."""


def drawn(chance: random.Random, alphabet: str, length: int) -> str:
    return "".join(chance.choices(alphabet, k=length))


def base58check(payload: bytes) -> str:
    """Base58 with four bytes of SHA-256 twice, as Bitcoin's addresses are written."""
    data = payload + hashlib.sha256(hashlib.sha256(payload).digest()).digest()[:4]
    number, digits = int.from_bytes(data, "big"), ""
    while number:
        number, rest = divmod(number, 58)
        digits = BASE58[rest] + digits
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + digits


def _polymod(values: list[int]) -> int:
    check = 1
    for value in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            check ^= generator if top >> bit & 1 else 0
    return check


def bech32(prefix: str, version: int, program: bytes) -> str:
    """A segwit address: BIP 173 for version 0, else BIP 350."""
    bits, held, groups = 0, 0, [version]
    for byte in program:
        held, bits = held << 8 | byte, bits + 8
        while bits >= 5:
            bits -= 5
            groups.append(held >> bits & 31)
    if bits:
        groups.append(held << 5 - bits & 31)
    spread = [ord(letter) >> 5 for letter in prefix] + [0] + [ord(letter) & 31 for letter in prefix]
    check = _polymod(spread + groups + [0] * 6) ^ (1 if version == 0 else 0x2BC830A3)
    groups += [check >> 5 * (5 - place) & 31 for place in range(6)]
    return prefix + "1" + "".join(BECH32[group] for group in groups)


def keccak256(data: bytes) -> bytes:
    """Keccak-256 with the padding of 2011, which Ethereum uses; FIPS 202 changed it for SHA-3."""
    mask = (1 << 64) - 1

    def turned(lane: int, by: int) -> int:
        return (lane << by | lane >> 64 - by) & mask if by else lane

    padded = bytearray(data + b"\x01" + bytes(-(len(data) + 1) % 136))
    padded[-1] |= 0x80
    lanes = [0] * 25
    for block in range(0, len(padded), 136):
        for place in range(17):
            lanes[place] ^= int.from_bytes(padded[block + 8 * place : block + 8 * place + 8], "little")
        feedback = 1
        for _ in range(24):
            columns = [lanes[x] ^ lanes[x + 5] ^ lanes[x + 10] ^ lanes[x + 15] ^ lanes[x + 20] for x in range(5)]
            lanes = [lanes[at] ^ columns[(at - 1) % 5] ^ turned(columns[(at + 1) % 5], 1) for at in range(25)]
            x, y, moved = 1, 0, lanes[1]
            for step in range(24):
                x, y = y, (2 * x + 3 * y) % 5
                lanes[x + 5 * y], moved = turned(moved, (step + 1) * (step + 2) // 2 % 64), lanes[x + 5 * y]
            lanes = [
                lanes[5 * y + x] ^ (~lanes[5 * y + (x + 1) % 5] & mask & lanes[5 * y + (x + 2) % 5])
                for y in range(5)
                for x in range(5)
            ]
            for power in range(7):
                lanes[0] ^= (feedback & 1) << (1 << power) - 1
                feedback = feedback << 1 ^ (0x171 if feedback & 0x80 else 0)
    return b"".join(lane.to_bytes(8, "little") for lane in lanes[:4])


def ethereum(payload: bytes) -> str:
    """0x and 40 hexadecimal digits, the case of the letters as in EIP-55."""
    digits = payload.hex()
    check = keccak256(digits.encode()).hex()
    return "0x" + "".join(
        letter.upper() if int(nibble, 16) > 7 else letter for letter, nibble in zip(digits, check, strict=False)
    )


def wallet(chance: random.Random, kind: str) -> str:
    """kind: legacy, script, segwit, taproot, ethereum, lower (Ethereum without checksum), tron or litecoin."""
    hashed = chance.randbytes(20)
    return {
        "legacy": lambda: base58check(b"\x00" + hashed),
        "script": lambda: base58check(b"\x05" + hashed),
        "tron": lambda: base58check(b"\x41" + hashed),
        "litecoin": lambda: base58check(b"\x30" + hashed),
        "segwit": lambda: bech32("bc", 0, hashed),
        "taproot": lambda: bech32("bc", 1, chance.randbytes(32)),
        "ethereum": lambda: ethereum(hashed),
        "lower": lambda: "0x" + hashed.hex(),
    }[kind]()


def jwt(chance: random.Random) -> str:
    """Three parts of base64url: header and claims are JSON, the signature is random (RFC 7519)."""

    def part(data: bytes) -> str:
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

    header = {"alg": chance.choice(["HS256", "RS256", "ES256"]), "typ": "JWT"}
    claims = {"sub": str(chance.randrange(10**9)), "iat": chance.randrange(16 * 10**8, 18 * 10**8), "admin": False}
    parts = [json.dumps(one, separators=(",", ":")).encode() for one in (header, claims)]
    return ".".join(part(one) for one in [*parts, chance.randbytes(32)])


def api_key(chance: random.Random, kind: str) -> str:
    """kind: as in KEYS; several forms are separated by `|`, and jwt is another kind."""
    if kind == "jwt":
        return jwt(chance)
    form = chance.choice(KEYS[kind].split("|"))
    return re.sub(r"<(\w+):(\d+)>", lambda found: drawn(chance, ALPHABETS[found[1]], int(found[2])), form)


def pem(chance: random.Random, label: str, n_lines: int = 0) -> str:
    """A block as in RFC 7468, of random base64."""
    length = 48 * (n_lines or chance.randrange(4, 27)) - chance.randrange(1, 40)
    text = base64.b64encode(chance.randbytes(length)).decode()
    lines = [text[place : place + 64] for place in range(0, len(text), 64)]
    return "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----"])
