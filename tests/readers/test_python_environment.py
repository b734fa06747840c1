"""The installed Python: what each part holds, that it is bounded and repeats, and what it never reads."""

from __future__ import annotations

import os

import pytest

from pipeline.errors import InputError
from pipeline.readers.base import Bad, Document, Input
from pipeline.readers.python_docs import docstrings, header_and_body, module_name
from pipeline.readers.python_environment import PythonEnvironment, locked_names

LOCK = """# exact versions
--index-url https://example.org
PyYAML==6.0.3 ; python_version >= "3.11"   # via corpusmill
numpy==2.4.6 \\
    --hash=sha256:00
    # via
    #   pandas
corpusmill==0.1.0
not.installed_at--all[extra]==1
"""


@pytest.fixture
def part(tmp_path, write):
    write("constraints.txt", LOCK)
    (tmp_path / "recipes").mkdir()

    def make(name, max_mb=3.0):
        reader = PythonEnvironment(part=name, max_mb=max_mb)
        return reader, reader.inputs(str(tmp_path / "recipes"))

    return make


def read(reader, inputs):
    rows = [row for item in inputs for row in reader.read(item)]
    assert not [row for row in rows if isinstance(row, Bad)]
    return {row.origin: row.text for row in rows}


def test_lock_file(write):
    assert locked_names(str(write("c.txt", LOCK))) == ["corpusmill", "not-installed-at-all", "numpy", "pyyaml"]


def test_code(part):
    reader, inputs = part("code")
    assert {item.name.split("/")[0] for item in inputs} == {"stdlib", "numpy", "yaml"}
    assert all(item.name.endswith(".py") and "__pycache__" not in item.name for item in inputs)
    texts = read(reader, inputs)
    assert list(texts) == [item.name for item in inputs] == sorted(texts)
    assert all(len(texts[item.name]) == item.size for item in inputs)


def test_bounded_and_repeatable(part):
    for size in (0.2, 3.0):
        _, inputs = part("code", size)
        assert 0.9 * size < sum(item.size for item in inputs) / 1e6 <= size
        assert part("code", size)[1] == inputs


def test_docs(part):
    reader, inputs = part("docs", 100.0)
    texts = read(reader, inputs)
    assert "json.decoder.JSONDecoder.decode\n\nReturn the Python representation" in texts["stdlib/json/decoder.py"]
    (description,) = (text for name, text in texts.items() if name.startswith("numpy-") and name.endswith("/METADATA"))
    assert "NumPy is the fundamental package" in description
    assert "Metadata-Version" not in description
    assert len(texts) < len(inputs)


def test_legal(part):
    reader, inputs = part("legal", 4.0)
    texts = read(reader, inputs)
    assert any("LICENSE" in name.upper() for name in texts)
    (header,) = (
        text for name, text in texts.items() if name.lower().startswith("pyyaml-") and name.endswith("/METADATA")
    )
    assert "Author-email: xi@resolvent.net" in header
    assert "\n\n" not in header


def test_locations_stay_inside(part):
    import sysconfig

    roots = tuple(os.path.realpath(sysconfig.get_path(name)) for name in ("stdlib", "purelib", "platlib"))
    for name in ("code", "docs", "legal"):
        assert all(os.path.realpath(item.location).startswith(roots) for item in part(name)[1])


def test_nothing_fits(tmp_path, write, monkeypatch):
    write("constraints.txt", "")
    monkeypatch.setattr("sysconfig.get_path", lambda name: str(tmp_path / "stdlib"))
    write("stdlib/big.py", "x" * 10_001)
    write("stdlib/empty.py", "")
    with pytest.raises(InputError, match=r"no installed file of the part 'code' fits into 0.01 MB: raise max_mb"):
        PythonEnvironment(part="code", lock="constraints.txt", max_mb=0.01).inputs(str(tmp_path))
    write("stdlib/test/test_x.py", "x")
    write("stdlib/site-packages/y.py", "x")
    write("stdlib/fits.py", "x")
    (tmp_path / "stdlib/link.py").symlink_to("/etc/hostname")
    found = PythonEnvironment(part="code", lock="constraints.txt", max_mb=0.01).inputs(str(tmp_path))
    assert [item.name for item in found] == ["stdlib/fits.py"]


def test_no_lock_file(tmp_path):
    with pytest.raises(InputError, match=r"cannot read .*constraints.txt"):
        PythonEnvironment(part="code").inputs(str(tmp_path / "recipes"))


SOURCE = (
    '''"""Module 中文."""
class A:
    """Class."""
    async def f(self):
        r"""Method
            with \\d indentation."""
        def inner():
            "Inner."
def g(): pass
'''
    + f'def h():\n    """{"long " * 40}"""\n'
)


def test_docstrings():
    text = docstrings(SOURCE.encode(), "p.m")
    assert text.startswith(
        "p.m\n\nModule 中文.\n\np.m.A\n\nClass.\n\np.m.A.f\n\nMethod\nwith \\d indentation.\n\np.m.A.f.inner"
    )
    assert "p.m.g" not in text
    assert docstrings(b'"""Short."""', "m") == ""


@pytest.mark.parametrize("source", [b'"""x"""\ndef (', b'"""\0"""', b'"""\xff"""', b"'''a'''" + b"(" * 5000])
def test_docstrings_of_what_is_not_python(source):
    assert docstrings(source, "m") == ""


def test_module_name():
    assert [module_name(path) for path in ("a/b.py", "a/__init__.py", "c.py", "__init__.py")] == [
        "a.b",
        "a",
        "c",
        "__init__",
    ]


def test_header_and_body():
    assert header_and_body(b"Name: x\r\nAuthor: \xe4\r\n\r\nBody\r\n\r\nmore") == (
        "Name: x\nAuthor: \ufffd\n",
        "Body\n\nmore",
    )
    assert header_and_body(b"Name: x\n") == ("Name: x\n", "")


def test_binary_file(write):
    item = Input("a/LICENSE", str(write("LICENSE", b"a\0b")), 3, "")
    (row,) = PythonEnvironment(part="legal").read(item)
    assert row.reason == "binary"
    item = Input("a/b.py", str(write("b.py", b"def (\xff")), 3, "")
    assert list(PythonEnvironment(part="code").read(item)) == [Document(0, b"def (\xff", origin="a/b.py")]
