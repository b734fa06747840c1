"""Storage: what is written appears whole or not at all, and patterns find what they say."""

from __future__ import annotations

import os
import stat

import fsspec
import pytest

from pipeline import storage
from pipeline.errors import InputError

URL = "memory://storage"


@pytest.fixture(params=["local", "memory"])
def root(request, tmp_path):
    """A folder on each kind of storage, empty."""
    if request.param == "local":
        return str(tmp_path)
    storage.remove_folder(URL)
    return URL


def names(folder, pattern):
    return [found.name for found in storage.find(folder, pattern)]


def test_write_read_remove(root):
    path = storage.join(root, "a/b.json")
    assert not storage.exists(path)
    storage.write_json(path, {"中文": [1, None]})
    assert storage.read_bytes(path) == '{\n "中文": [\n  1,\n  null\n ]\n}\n'.encode()
    assert storage.read_json(path) == {"中文": [1, None]}
    assert storage.read_bytes(path, 1) == b"{"
    assert storage.exists(path)
    storage.remove(path)
    storage.remove(path)
    assert not storage.exists(path)


def test_replace_and_hash(root):
    path = storage.join(root, "a")
    for content in (b"old", b"abc"):
        storage.write_bytes(path, content)
    assert storage.sha256_of(path) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_a_failing_writer_leaves_what_was_there(root):
    path = storage.join(root, "a")
    storage.write_bytes(path, b"old")

    def fail():
        with storage.commit(path) as file:
            file.write(b"half")
            raise RuntimeError("power cut")

    with pytest.raises(RuntimeError):
        fail()
    assert storage.read_bytes(path) == b"old"
    assert storage.list_files(root) == [path]


def test_two_may_write_the_same_file_at_once(root):
    path = storage.join(root, "a")
    with storage.commit(path) as first, storage.commit(path) as second:
        first.write(b"same ")
        second.write(b"same ")
        first.write(b"bytes")
        second.write(b"bytes")
    assert storage.read_bytes(path) == b"same bytes"
    assert storage.list_files(root) == [path]


def test_a_log_grows(root):
    path = storage.join(root, "log/t.jsonl")
    storage.append_lines(path, ["一"])
    storage.append_lines(path, ["二", "三"])
    assert storage.read_bytes(path).decode() == "一\n二\n三\n"


def test_list_and_remove_folder(root):
    for name in ("b.arrow", "a.arrow", "c.json", "d.arrow.1.partial", "sub/e.arrow"):
        storage.write_bytes(storage.join(root, "f", name), b"x")
    folder = storage.join(root, "f")
    assert storage.list_files(folder, ".arrow") == [storage.join(folder, "a.arrow"), storage.join(folder, "b.arrow")]
    storage.remove_folder(folder)
    storage.remove_folder(folder)
    assert storage.list_files(folder) == []


def test_cannot_read(root):
    with pytest.raises(InputError, match=r"cannot read .*absent"):
        storage.read_bytes(storage.join(root, "absent"))
    storage.write_bytes(storage.join(root, "a.json"), b"{")
    with pytest.raises(InputError, match=r"a.json is not valid JSON .*delete it"):
        storage.read_json(storage.join(root, "a.json"))


@pytest.mark.parametrize("url", ["nosuch://x/a", "nosuch://x/*"])
def test_unknown_protocol(url):
    for use in (storage.read_bytes, lambda url: storage.find("/", url)):
        with pytest.raises(InputError, match="cannot open nosuch://x/"):
            use(url)


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (("/a/b", "../c.txt"), "/a/c.txt"),
        (("/a", "b", "c"), "/a/b/c"),
        (("/a", "/b"), "/b"),
        (("/a", "s3://x/y"), "s3://x/y"),
        (("s3://x/", "y", "z"), "s3://x/y/z"),
        (("s3://x/", "/a"), "/a"),
    ],
)
def test_join(parts, expected):
    assert storage.join(*parts) == expected


def test_local_files(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert storage.expand_user("~/x") == str(tmp_path / "x")
    storage.make_folder(str(tmp_path / "p/q"), private=True)
    assert stat.S_IMODE(os.stat(tmp_path / "p/q").st_mode) == 0o700


def test_find(root):
    for name in ("b.txt", "a.txt", "c.md", "s/a.txt", "s/t/d.txt", ".h.txt", ".g/e.txt", "中文.txt"):
        storage.write_bytes(storage.join(root, "d", name), b"1234")
    assert names(root, "d/*.txt") == ["a.txt", "b.txt", "中文.txt"]
    assert names(root, "d/s") == ["a.txt", "t/d.txt"]
    assert names(root, "d/**/*.txt") == ["a.txt", "b.txt", "s/a.txt", "s/t/d.txt", "中文.txt"]
    assert names(root, "d/*/a.txt") == ["s/a.txt"]
    assert names(root, "d") == ["a.txt", "b.txt", "c.md", "s/a.txt", "s/t/d.txt", "中文.txt"]
    assert names(root, "d/a.txt") == ["a.txt"]
    assert names(root, "d/.h.txt") == [".h.txt"]
    (found,) = storage.find(root, "d/a.txt")
    assert (found.size, storage.read_bytes(found.location)) == (4, b"1234")
    assert found.stamp


def test_names_that_look_like_patterns(root):
    for name in ("x[1]/a[2].txt", "x[1]/b.txt", "x1/a2.txt"):
        storage.write_bytes(storage.join(root, name), b"1")
    assert names(root, "x[1]/a[2].txt") == ["a[2].txt"]
    if root != URL:
        assert names(root, "x[1]") == ["a[2].txt", "b.txt"]
    assert names(root, "x?/a?.txt") == ["x1/a2.txt"]


def test_find_says_what_did_not_match(root):
    for pattern in ("*.txt", "absent", "absent/*"):
        with pytest.raises(InputError, match="no file matches"):
            storage.find(root, pattern)


def test_a_changed_file_has_another_stamp(root):
    path = storage.join(root, "a")
    storage.write_bytes(path, b"1")
    (before,) = storage.find(root, "a")
    if root == URL:
        fsspec.filesystem("memory").rm(path)
    else:
        os.utime(path, ns=(1, 1))
    storage.write_bytes(path, b"2")
    (after,) = storage.find(root, "a")
    assert before.stamp != after.stamp


def test_dangling_link_and_folders_in_patterns(tmp_path):
    (tmp_path / "folder.txt").mkdir()
    (tmp_path / "a.txt").write_text("x")
    assert names(str(tmp_path), "*.txt") == ["a.txt"]
    (tmp_path / "b.txt").symlink_to(tmp_path / "nowhere")
    with pytest.raises(InputError, match=r"cannot read .*b.txt: No such file"):
        storage.find(str(tmp_path), "*.txt")
