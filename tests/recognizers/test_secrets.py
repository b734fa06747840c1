"""Keys of services by prefix and by name, tokens, and private keys; none here was ever in use: chance makes them."""

from __future__ import annotations

import base64
import json
import random
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st
from personal import found

from stages.recognizers import private_keys
from stages.recognizers.secrets import RULES, is_random

ALNUM, LOWER_HEX = string.ascii_letters + string.digits, "0123456789abcdef"
URL_SAFE = ALNUM + "-_"
FORMS = [
    ("AKIA", string.ascii_uppercase + string.digits, 16),
    ("ghp_", ALNUM, 36),
    ("gho_", ALNUM, 36),
    ("glpat-", ALNUM, 20),
    ("xoxb-", string.digits + string.ascii_letters, 40),
    ("AIza", ALNUM, 35),
    ("sk_live_", ALNUM, 24),
    ("sk-ant-api03-", URL_SAFE, 93),
    ("sk-proj-", ALNUM, 48),
    ("sk-", ALNUM, 48),
    ("hf_", string.ascii_letters, 34),
    ("npm_", ALNUM, 36),
    ("SK", LOWER_HEX, 32),
    ("dop_v1_", LOWER_HEX, 64),
]


def keys(text: str) -> list[str]:
    return [value for _, value in found(text, RULES)]


def drawn(chance: random.Random, alphabet: str, size: int) -> str:
    """Random characters; the last is none of those that may be left out at the end of a sentence."""
    return "".join(chance.choices(alphabet, k=size - 1)) + chance.choice(sorted(set(alphabet) - set("-_")))


def token(chance: random.Random, header: dict[str, str]) -> str:
    """A JSON Web Token with a signature by chance."""
    parts = (json.dumps(header), json.dumps({"sub": drawn(chance, LOWER_HEX, 12)}))
    encoded = [base64.urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in parts]
    return ".".join([*encoded, drawn(chance, URL_SAFE, 43)])


@pytest.mark.parametrize(("prefix", "alphabet", "size"), FORMS)
def test_keys_with_the_prefix_of_their_issuer(prefix, alphabet, size):
    chance = random.Random(8)
    for _ in range(20):
        key = prefix + drawn(chance, alphabet, size)
        for text in (f"key {key}.", f"我的密钥是{key}，请保密", f'"{key}"', f"KEY={key}\n", f"-{key}"):
            assert keys(text) == [key]
        assert keys(f"x{key}") == keys(f"a_{key}") == keys(key[: len(prefix)].swapcase() + key[len(prefix) :]) == []


def test_longer_forms():
    chance = random.Random(8)
    fine = f"github_pat_{drawn(chance, ALNUM, 22)}_{drawn(chance, ALNUM, 59)}"
    grid = f"SG.{drawn(chance, URL_SAFE, 22)}.{drawn(chance, URL_SAFE, 43)}"
    upper = string.ascii_uppercase + string.digits
    hook = f"https://hooks.slack.com/services/T{drawn(chance, upper, 10)}/B{drawn(chance, upper, 10)}/{drawn(chance, ALNUM, 24)}"
    jwt = token(chance, {"alg": "HS256", "typ": "JWT"})
    for key in (fine, grid, hook, jwt):
        assert keys(f"see {key}, 请看{key}。") == [key, key]
    assert keys(f"Authorization: Bearer {jwt}\n") == [jwt]
    assert keys(token(chance, {"typ": "JWT"})) == keys("eyJhbGciOiJIUzI1NiJ9.e30.") == []


@pytest.mark.parametrize(
    "form",
    [
        'api_key = "{}"',
        "API_KEY={}\n",
        "OPENAI_API_KEY={} ",
        "'client_secret': '{}',",
        "my-auth-token: {}",
        '{{"access_token":"{}"}}',
        "API密钥：{}。",
        "密钥为{}，",
        "<apiKey>{}</apiKey>",
        "access token is {}",
        "APIキー: `{}`",
        "x-api-key: {}",
        'config["secret_key"] = "{}"',
        "export GITHUB_TOKEN={}\n",
        "环境变量 ACME_WEB_CLIENT_SECRET：{}。",
        "?api_key={}&x=1",
        "Authorization: Bearer {}",
    ],
)
def test_keys_after_their_name(form):
    chance = random.Random(8)
    for alphabet in (ALNUM, LOWER_HEX):
        key = drawn(chance, alphabet, 40)
        assert keys(form.format(key)) == [key]
        assert keys(form.format("YOUR_API_KEY_GOES_HERE_123456_AB1C2D3")) == keys(form.format("x" * 40)) == []
        assert keys(form.format("get_key_from_environment_of_2024()")) == keys(form.format("EXAMPLE" + key[:33])) == []


@pytest.mark.parametrize(
    "name",
    ["OPENAI_API_KEY", "acme_access_token", "MyApiKey", "STRIPE_SECRET_KEY", "AZURE_STORAGE_KEY", "X-Auth-Token"],
)
def test_short_keys_after_longer_names(name):
    chance = random.Random(8)
    for _ in range(20):
        key = "a1B2" + drawn(chance, ALNUM, 14) + "9z"
        for text in (f"{name}={key}\n", f'{name}: "{key}"', f"请设置{name}为{key}。"):
            assert keys(text) == [key]
        assert keys(f"{name}={key[:12]}") == keys(f"{name}s={key}") == []


def test_examples_of_documentation():
    payload = "eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ"
    jwt = f"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.{payload}.{drawn(random.Random(8), URL_SAFE, 43)}"
    assert keys(f"{jwt} Bearer {jwt} token={jwt} 令牌：{jwt}") == []


def test_keys_of_amazon_in_their_file():
    chance = random.Random(8)
    key, secret = "AKIA" + drawn(chance, string.ascii_uppercase + "234567", 16), drawn(chance, ALNUM + "/+", 40)
    text = f"[default]\naws_access_key_id = {key}\naws_secret_access_key = {secret}\n"
    assert keys(text) == [key, secret]
    documented = "AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
    assert keys(documented) == []


@pytest.mark.parametrize(
    "text",
    [
        "commit 3f786850e387550fdab836ed7e6dc881de23001b, sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "id: 550e8400-e29b-41d4-a716-446655440000, key = 3f786850e387550fdab836ed7e6dc881de23001b",
        "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx AKIAABCDEFGHIJKLMNOP sk_live_123456789012345678901234",
        "token = tokenizer_from_pretrained_bert_base_uncased_2 # secret: utf8_decoder_of_version2_for_x86_64_linux",
        "api_key = os.environ['API_KEY'] ; api_key: string; 密钥长度为256位; 令牌：见下文",
        "csrf_token=a1B2c3D4e5F6g7H8i9j0K1L2m3 post[_csrf_token]=WUZXJh07BhAIJ24jP1dKQ, next_page_token: CAoQAB3xY9z4Kq7Lm",
        "页面authenticity_token=a1B2c3D4e5F6g7H8i9",
        "sk-learn hf_hub_download npm_config_registry AIza eyJ SG. Bearer of bad news, bearer token",
        "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAUAAAAFCAYAAACNbyblAAAAHElEQVQI12P4 <API_KEY>",
    ],
)
def test_what_is_left(text):
    assert keys(text) == []


@given(st.text(ALNUM, min_size=1, max_size=30))
def test_chance_has_many_characters_and_no_series(key):
    if is_random(key.encode()):
        assert (
            len(set(key)) >= 8
            and not is_random((key + "abcdef").encode())
            and not is_random((key + "00000000").encode())
        )


PIECES = [
    "sk-",
    "hf_",
    "a1B2c3D4e5F6g7H8",
    "api_key",
    " = ",
    '"',
    "eyJ",
    ".",
    "-",
    "Bearer ",
    "密钥",
    "：",
    "é",
    "\n",
    "AKIA",
]


@given(st.lists(st.sampled_from(PIECES), max_size=20))
def test_findings_are_parts_of_the_text(pieces):
    text = "".join(pieces)
    assert all(value in text and len(value) >= 16 for value in keys(text))


@pytest.mark.parametrize(
    "piece",
    [
        "eyJ",
        "eyJ-",
        "eyJhbGciOiJIUzI1NiJ9.",
        "a1",
        "a1_",
        "sk-",
        "xoxb-1-",
        "api_key=",
        'api_key="a1b2',
        "Bearer ",
        "密钥",
        "SG.a",
        "/+",
    ],
)
def test_hostile_text_is_done_with(piece):
    text = piece * (250_000 // len(piece))
    assert len(keys(text)) <= len(text) // 16


# Private keys


def block(label: str, chance: random.Random, n_bytes: int = 120, newline: str = "\n", headers: str = "") -> str:
    """A block in PEM of random bytes."""
    data = base64.b64encode(chance.randbytes(n_bytes)).decode()
    lines = [f"-----BEGIN {label}-----", *filter(None, [headers]), *(data[n : n + 64] for n in range(0, len(data), 64))]
    return newline.join([*lines, f"-----END {label}-----"])


def blocks(text: str) -> list[str]:
    return [value for _, value in found(text, private_keys.RULES)]


LABELS = [
    "PRIVATE KEY",
    "RSA PRIVATE KEY",
    "EC PRIVATE KEY",
    "OPENSSH PRIVATE KEY",
    "ENCRYPTED PRIVATE KEY",
    "PGP PRIVATE KEY BLOCK",
]


@pytest.mark.parametrize("label", LABELS)
def test_private_keys(label):
    chance = random.Random(8)
    for newline in ("\n", "\r\n", "\\n"):
        key = block(label, chance, newline=newline)
        assert blocks(f"x {key} y") == blocks(f'{{"key": "{key}"}}') == [key]
        assert blocks(f"私钥：{key}。\n{key}") == [key, key]
    with_headers = block(label, chance, headers="Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,0A1B2C3D\n")
    assert blocks(with_headers) == [with_headers]
    assert blocks(block(label, chance, n_bytes=9000)) != []


def test_what_is_cut_is_found_to_its_last_line():
    key = block("RSA PRIVATE KEY", random.Random(8), n_bytes=192)
    lines = key.split("\n")
    cut = "\n".join(lines[:3])
    assert blocks(cut) == blocks(f"{cut}\n\nMore text, 然后。") == [cut]
    assert blocks(f"{cut}\n{key}") == [cut, key]


@pytest.mark.parametrize("label", ["PUBLIC KEY", "CERTIFICATE", "PGP PUBLIC KEY BLOCK", "RSA PUBLIC KEY"])
def test_what_is_public_is_left(label):
    assert blocks(block(label, random.Random(8))) == []


@pytest.mark.parametrize(
    "text",
    [
        "-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----",
        'if text.startswith("-----BEGIN RSA PRIVATE KEY-----"): 私钥',
        "-----BEGIN PRIVATE KEY----- and prose that goes on without any key in it",
        "-----BEGIN PRIVATE KEY",
        "<PRIVATE_KEY>",
    ],
)
def test_talk_about_keys_is_left(text):
    assert blocks(text) == []


@pytest.mark.parametrize(
    "piece",
    [
        "-----BEGIN PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----AAAA",
        "-----BEGIN",
        "A",
        "-----BEGIN PRIVATE KEY----- \n",
    ],
)
def test_hostile_blocks_are_done_with(piece):
    begin = "-----BEGIN PRIVATE KEY-----"
    for text in (
        piece * (250_000 // len(piece)),
        (begin + "é" + "A1b2C3d4" * 2000) * 15,
        (begin + "A: b\n" * 3000) * 15,
    ):
        assert len(blocks(text)) <= len(text) // 40
