"""Word lists: what is read, and what each kind of bad file is told."""

import hashlib

import pytest

from pipeline.errors import InputError
from stages import word_lists


@pytest.fixture
def written(tmp_path):
    def write(content: bytes) -> str:
        (tmp_path / "terms.txt").write_bytes(content)
        return str(tmp_path / "terms.txt")

    return write


def test_terms_in_order_without_comments_blanks_and_copies(written):
    path = written(
        "\ufeff赌博\r\n# a comment\n\n  free money \n赌博\nc#\n\u3000彩票\n \t\n  # 注释\nFree money".encode()
    )
    assert word_lists.read_terms(path) == ("赌博", "free money", "c#", "彩票", "Free money")


def test_a_term_may_have_200_characters_and_a_list_many_terms(written):
    terms = ["中" * 200, *(f"term {number}" for number in range(100_000))]
    assert word_lists.read_terms(written("\n".join(terms).encode())) == tuple(terms)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "terms.txt holds no term"),
        ("# 只有注释\n\n".encode(), "terms.txt holds no term"),
        (b"fine\n\xff\xfe\n", "terms.txt:2: not UTF-8"),
        ("赌博".encode("gb18030"), "terms.txt:1: not UTF-8"),
        (("好\n" + "中" * 201).encode(), "terms.txt:2: a term of 201 characters"),
        (b"fine\n" + b"x" * 1_000_000, "terms.txt:2: a line of 10,000 bytes or more"),
    ],
)
def test_bad_files_are_told_where_and_what(written, content, message):
    with pytest.raises(InputError, match=message):
        word_lists.read_terms(written(content))


def test_too_many_terms(written, monkeypatch):
    monkeypatch.setattr(word_lists, "MAX_TERMS", 3)
    assert len(word_lists.read_terms(written(b"a\nb\nc\na\n"))) == 3
    with pytest.raises(InputError, match=r"terms\.txt:5: more than 3 terms"):
        word_lists.read_terms(written(b"a\nb\nc\na\nd\n"))


@pytest.mark.parametrize("name", ["missing.txt", ""])
@pytest.mark.parametrize("read", [word_lists.read_terms, word_lists.identity])
def test_no_such_file(tmp_path, name, read):
    with pytest.raises(InputError, match=r"cannot read the word list .* give the path of a text file"):
        read(str(tmp_path / name))  # a folder, if there is no name


def test_a_path_from_the_home_folder(written, tmp_path, monkeypatch):
    written(b"term")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert word_lists.read_terms("~/terms.txt") == ("term",)


def test_identity_is_the_hash_of_the_bytes(written):
    content = "赌博\n".encode()
    assert word_lists.identity(written(content)) == hashlib.sha256(content).hexdigest()
