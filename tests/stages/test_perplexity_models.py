"""Which model serves whom, what does not fit, what is told of models; and kenlm beside the stage on the same ARPA file."""

from __future__ import annotations

import gzip
import io
from types import SimpleNamespace

import numpy as np
import planted_lms
import pytest
import tokenizer_cases
import tokenizers
from batches import documents
from planted_lms import log10

from pipeline.errors import InputError, OptionError
from pipeline.execute import run_stage
from stages.kernels.ngram_tokens import hashes_of
from stages.ngram_file import MARKS, Writer
from stages.ngram_pieces import Pieces
from stages.perplexity import PARTS, Perplexity

NO_KENLM = "compares with kenlm: pip install kenlm, which needs a C++ compiler and cmake"

TEXTS = ["good fine good", "spam spam", "好 文 坏", "nonsense 好", "", "good good fine . 。 文"]


def measured(stage, texts=TEXTS, languages=None):
    outcome = run_stage(stage, documents(texts, languages=languages), resource=stage.open())
    assert not outcome.dropped.num_rows
    return outcome.kept


@pytest.fixture
def files(tmp_path, monkeypatch):
    """Models of all kinds in the working directory."""
    monkeypatch.chdir(tmp_path)
    ours, arpa = planted_lms.model(), planted_lms.arpa().encode()
    unbound = planted_lms.model(["en"], planted_lms.about(["en"], bounds=False))
    content = {
        "ours.lm": ours, "all.lm": planted_lms.model(["all"]), "unbound.lm": unbound, "one.arpa": arpa,
        "one.arpa.gz": gzip.compress(arpa), "cut.lm": ours[:-1], "half.lm": ours[: len(ours) // 2], "cut.arpa": arpa[:-8],
        "好.txt": "好的文本 good".encode(), "empty.lm": b"",
    }  # fmt: skip
    for name, changes in {
        "bounds.lm": {"en": {"bounds": []}},
        "sketch.lm": {"en": {"bounds": {"document_sketch": {"width": 20, "bins": [2, 1], "counts": [1, 1]}}}},
        "list.lm": ["en"],
    }.items():
        content[name] = planted_lms.model(["en"], {**planted_lms.about(["en"]), "languages": changes})
    for name, one in content.items():
        planted_lms.write(tmp_path / name, one)
    return tmp_path


@pytest.mark.parametrize("name", ["one.arpa", "one.arpa.gz"])
def test_an_arpa_file_serves_all_and_has_no_ranks(files, name):
    kept = measured(Perplexity(model=name, by_language=False, keep=PARTS))
    expected = [log10([text.split()]) if text else 0 for text in TEXTS]
    assert kept.column("perplexity_log10").to_pylist() == (np.array(expected) / 10_000).astype(np.float32).tolist()
    assert set(kept.column("perplexity_part").to_pylist()) == {"none"}
    assert set(kept.column("perplexity_rank_frac").to_pylist()) == {0}
    assert set(kept.column("perplexity_model").to_pylist()) == {"all"}


def test_tokens_of_an_arpa_file_are_what_the_recipe_says(files):
    counts = {
        kind: measured(Perplexity(model="one.arpa", by_language=False, keep=PARTS, arpa_tokens=kind), ["Good，好文!"])
        .column("perplexity_tokens").to_pylist()
        for kind in ("spaces", "words", "characters")
    }  # fmt: skip
    assert counts == {"spaces": [1], "words": [5], "characters": [8]}


def test_perplexities_are_those_of_kenlm(files):
    kenlm = pytest.importorskip("kenlm", reason=NO_KENLM)
    theirs = kenlm.Model("one.arpa")
    lines = [["good fine good good fine spam"], ["spam spam", "", "好 文 good"], ["nonsense 好 <unk> good fine", "坏"]]
    kept = measured(Perplexity(model="one.arpa", by_language=False, keep=PARTS), ["\n".join(one) for one in lines])
    for row, one in zip(kept.to_pylist(), lines, strict=True):
        scored = [(theirs.score(line), len(line.split()) + 1) for line in one if line]
        expected = 10 ** (-sum(score for score, _ in scored) / sum(n for _, n in scored))
        assert row["perplexity_per_token"] == pytest.approx(expected, rel=2e-4)
        if len(one) == 1:
            assert row["perplexity_per_token"] == pytest.approx(theirs.perplexity(one[0]), rel=2e-4)


def test_perplexities_are_those_of_datatrove_but_for_blank_lines(files):
    kenlm = pytest.importorskip("kenlm", reason=NO_KENLM)
    from datatrove.utils.perplexity import KenlmModel

    theirs = KenlmModel("", "")
    theirs._model, theirs._tokenizer = kenlm.Model("one.arpa"), SimpleNamespace(tokenize=str)  # it would fetch them
    texts = ["good fine good good fine spam", "spam spam\n好 文 good\nfine", "nonsense 好 good fine\n坏"]
    kept = measured(Perplexity(model="one.arpa", by_language=False, keep=PARTS), [*texts, f"{texts[1]}\n\n"])
    expected = [theirs.get_perplexity(text, normalize_cc_net=False) for text in (*texts, texts[1])]  # to one decimal
    assert kept.column("perplexity_per_token").to_pylist() == pytest.approx(expected, rel=2e-4, abs=0.051)


def test_pieces_of_a_tokenizer_are_tokens_too(files):
    content = tokenizer_cases.trained()
    words = [*MARKS, *Pieces(content).written]
    writer = Writer(out := io.BytesIO())
    writer.begin("all", 1, "pieces", 0.0, words, content)
    found = hashes_of(words)
    ids = np.argsort(found).astype(np.int32)
    with writer.table(1, len(words)) as table:  # each costs as much as any other
        table.add(found[ids], ids[:, None], np.full(len(words), -2, np.float32), np.zeros(len(words), np.float32))
    writer.finish({})
    planted_lms.write(files / "pieces.lm", out.getvalue())
    texts = ["the river was <s> in 中大来上", "", "国个到说\n\nshe 😀 là"]
    kept = measured(Perplexity(model="pieces.lm", by_language=False, keep=PARTS), texts)
    theirs = tokenizers.Tokenizer.from_str(content.decode())
    counts = [sum(len(theirs.encode(line).ids) for line in text.split("\n")) for text in texts]
    assert kept.column("perplexity_tokens").to_pylist() == counts
    assert kept.column("perplexity_log10").to_pylist() == [2, 0, 2]


def test_each_language_may_have_a_file_of_its_own(files):
    stage = Perplexity(model="ours.lm", models={"en": "all.lm", "de": "one.arpa", "zh": "ours.lm"}, max_perplexity=1e9)
    opened = stage.open()
    assert [(one.language, one.path) for one in opened.served] == [
        ("de", "one.arpa"),
        ("en", "all.lm"),
        ("zh", "ours.lm"),
    ]
    kept = measured(stage, ["good", "good", "好", "gut"], ["en", "de", "zh", "de"])
    assert kept.column("perplexity_model").to_pylist() == ["en", "de", "zh", "de"]
    assert kept.column("perplexity_part").to_pylist() == ["head", "none", "head", "none"]


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"model": "absent.lm"}, InputError, "there is no model absent.lm"),
        ({"model": "cut.lm"}, InputError, r"cut\.lm is not a usable n-gram language model"),
        ({"model": "half.lm"}, InputError, r"half\.lm is not a usable n-gram language model"),
        ({"model": "empty.lm", "by_language": False}, InputError, r"empty\.lm is not a usable"),
        ({"model": "好.txt", "by_language": False}, InputError, r"好\.txt is not a usable"),
        ({"model": "cut.arpa", "by_language": False}, InputError, r"cut\.arpa is not a usable ARPA file"),
        ({"model": "bounds.lm"}, InputError, r"bounds\.lm is not a usable .*bounds are no sketches"),
        ({"model": "sketch.lm"}, InputError, r"sketch\.lm is not a usable .*bins or counts are damaged"),
        ({"model": "ours.lm", "by_language": False}, OptionError, r"ours\.lm is one by language: write by_language: true"),
        ({"model": "one.arpa"}, OptionError, r"one\.arpa knows no languages: write by_language: false"),
        ({"model": "all.lm"}, OptionError, "all.lm knows no languages"),
        ({"model": "", "models": {"zh": "unbound.lm"}}, OptionError, r"unbound\.lm has no model of 'zh' \(there is: en\)"),
        ({"model": "ours.lm", "served_by": {"yue": "zhh"}}, OptionError, r"there is no model of 'zhh' \(did you mean 'zh'\?\)"),
        ({"model": "one.arpa", "by_language": False}, OptionError, r"needs a value, for one\.arpa has no bounds to tell parts by \(or keep: \[head, middle, tail\]\)"),
        ({"model": "unbound.lm"}, OptionError, r"unbound\.lm has no bounds to tell parts by"),
        ({"model": "unbound.lm", "max_perplexity": 5, "by_line": True, "cut_lines": True}, OptionError, r"unbound\.lm has no bounds of lines"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_told_when_models_are_opened(files, options, error, message):
    with pytest.raises(error, match=message) as raised:
        Perplexity(**options).open()
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"keep": ()}, "'keep' must name parts that are next to each other"),
        ({"keep": ("head", "tail")}, "'keep' must name parts that are next to each other"),
        ({"keep": ("tail", "head", "tail")}, "'keep' must name parts that are next to each other"),
        ({"keep": ("heads",)}, r"'keep' has no choice 'heads' \(did you mean 'head'\?\)"),
        ({"head_percentile": 70}, "'middle_percentile' must not be below 'head_percentile'"),
        ({"middle_percentile": 101}, "'middle_percentile' must be at most 100"),
        ({"cut_lines": True}, "'cut_lines' has no effect without 'by_line: true'"),
        ({"by_language": False, "served_by": {"*": "en"}}, "'served_by' has no effect with 'by_language: false'"),
        ({"by_language": False, "model": "x.lm", "models": {"en": "a"}}, "'models' has no effect with 'by_language: false'"),
        ({"models": {"de": "a.arpa"}}, "'models' goes with the path of a file as 'model', or with model: \"\" for none"),
        ({"model": ""}, "'model' must name a model if 'models' names none"),
        ({"max_perplexity": -1}, "'max_perplexity' must be at least 0"),
        ({"max_perplexity": 0.5}, "'max_perplexity' must be 0 or at least 1, got 0.5"),
        ({"unserved": "skip"}, "'unserved' has no choice 'skip'"),
    ],
)  # fmt: skip
def test_options_that_do_not_fit_each_other_are_refused(options, message):
    with pytest.raises(OptionError, match=message):
        Perplexity(**options)


def test_facts_are_those_of_all_files_that_tell_something(files):
    about = planted_lms.about(["en", "zh"])
    assert Perplexity(model="ours.lm").facts() == about
    assert Perplexity(model="one.arpa", by_language=False).facts() == {}
    assert Perplexity(model="", models={"de": "one.arpa"}).facts() == {}
    both = Perplexity(model="ours.lm", models={"en": "unbound.lm", "de": "all.lm", "th": "one.arpa"}).facts()
    assert both["kind"] == "ngram_model" and list(both["languages"]) == ["en", "zh", "de"]
    assert both["languages"]["en"]["bounds"] is None and both["languages"]["de"]["bounds"]
    assert Perplexity(model="", models={"de": "all.lm"}).facts() == {
        "kind": "ngram_model", "languages": {"de": about["languages"]["en"]},
    }  # fmt: skip
    with pytest.raises(InputError, match=r"list\.lm is not a usable .*languages is damaged"):
        Perplexity(model="list.lm").facts()


def test_other_files_are_another_identity(files):
    stages = [
        Perplexity(model="ours.lm"), Perplexity(model="all.lm"), Perplexity(model="ours.lm", models={"en": "all.lm"}),
        Perplexity(model="ours.lm", models={"en": "one.arpa"}), Perplexity(model="", models={"en": "one.arpa"}),
        Perplexity(model="", models={"de": "one.arpa"}),
    ]  # fmt: skip
    assert len({tuple(sorted(stage.identity().items())) for stage in stages}) == len(stages)
