"""The rounds of `ngram_model`: the file holds what the papers say, however the work is cut into pieces."""

from __future__ import annotations

import io
import random
from pathlib import Path

import batches
import ngram_fits
import numpy as np
import pytest
import reference_ngram_score as slowly
from benches import ToyBench
from hypothesis import given, settings
from hypothesis import strategies as st
from ngram_fits import ENGLISH, KINDS, WORDS, Slow, compare, copies, corpus, cutter, file_of, fit, made, read, slow
from strategies import documents

from pipeline.errors import InputError
from stages import ngram_estimate, ngram_rounds
from stages.ngram_estimate import SMOOTHINGS
from stages.ngram_score import token_costs

SIZES = {
    "BLOCK_BYTES": st.sampled_from([1, 40]),
    "CHUNK_TOKENS": st.sampled_from([1, 9, 100]),
    "PARTITION_BYTES": st.sampled_from([200, 1000]),
    "RANGE_NGRAMS": st.sampled_from([7, 40]),
}


def truth(stage, rows, language) -> Slow:
    """What a stage should learn of a language."""
    learned = [text for _, code, text in rows if code == language and not ngram_fits.is_held_out(text, stage)]
    return slow(stage, learned, cutter(KINDS[language]))


def check(stage, rows) -> None:
    found = fit(stage, rows)
    assert found.models.keys() == {language for _, language, _ in rows}
    for language, model in found.models.items():
        texts = [text for _, code, text in rows if code == language]
        strange = " ".join(random.Random(1).sample([*WORDS[language], "zebra", "龍"], 6))
        compare(model, truth(stage, rows, language), cutter(KINDS[language]), [*texts, strange, strange[::-1]])


@pytest.mark.parametrize("order", [2, 3, 4, 5, 6])
def test_a_file_holds_what_the_papers_say(order):
    check(made(order=order), corpus())


@pytest.mark.parametrize("smoothing", [name for name in SMOOTHINGS if name != "kneser_ney"])
@pytest.mark.parametrize("min_counts", [(1,), (1, 2)])
def test_other_smoothings_too(smoothing, min_counts):
    check(made(order=3, smoothing=smoothing, k=0.25, min_counts=min_counts), corpus(40, 2))


@pytest.mark.parametrize(
    "options",
    [
        {"order": 2, "min_counts": (1, 1, 5, 9)},
        {"order": 4, "min_counts": (2, 2, 2, 3)},
        {"order": 3, "min_counts": (3,)},
        {"order": 5, "min_counts": (1, 2, 2), "max_words": 4},
        {"order": 3, "min_counts": (1000,)},
        {"order": 3, "max_words": 1, "smoothing": "stupid_backoff"},
    ],
)
def test_what_is_rare_is_cut(options):
    check(made(**options), corpus(seed=3))


@settings(max_examples=15)
@given(documents.filter(lambda found: any(map(cutter("words"), found))), st.integers(2, 6), st.sampled_from(SMOOTHINGS))
def test_any_text_is_learned_as_the_papers_say(found, order, smoothing):
    stage = made(order=order, smoothing=smoothing, min_counts=(1,), by_language=False, sources=("web",))
    rows = [row for text in found for row in copies(text, 3)] + [("else", "", "a. b")]
    learned = [text for _, _, text in rows[:-1] if not ngram_fits.is_held_out(text, stage)]
    if not any(map(cutter("words"), learned)):
        with pytest.raises(InputError, match="less than 0 MB to learn from"):
            fit(stage, rows)
        return
    model = fit(stage, rows).models["all"]
    compare(model, slow(stage, learned, cutter("words")), cutter("words"), [*found, "a. b"])


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(("order", "min_counts"), [(2, (1,)), (3, (1, 2)), (5, (1, 1, 2)), (6, (2,))])
@pytest.mark.parametrize("smoothing", ["kneser_ney", "laplace", "add_k"])
def test_the_probabilities_after_each_context_add_up_to_1(language, order, min_counts, smoothing):
    stage = made(order=order, min_counts=min_counts, smoothing=smoothing)
    rows = corpus(30, 4, [language])
    model = fit(stage, rows).models[language]
    gap, words = " " if language == "en" else "", [word.decode() for word in model.words.to_list()[3:]]
    chance = random.Random(5)
    seen = [text.split("\n")[0].split(" ") if gap else list(text.split("\n")[0]) for _, _, text in rows[:6]]
    never = [chance.choices([*WORDS[language], "zebra" if gap else "龍"], k=6) for _ in range(4)]
    for context in [[], *seen, *(line[: len(line) // 2] for line in seen), *never]:
        n = len(token_costs(model, gap.join(context))[0]) - 1
        of_words = [
            token_costs(model, gap.join([*context, word]))[0][n] for word in [*words, "quagga" if gap else "麒"]
        ]
        of_end = token_costs(model, gap.join(context))[0][n]
        total = (10.0 ** (-np.array([*of_words, of_end]) / 1e6)).sum()
        assert abs(total - 1) < 1e-6 + 5e-7 * np.log(10), "each is rounded to half a millionth of its log10"


@settings(max_examples=6)
@given(st.fixed_dictionaries(SIZES), st.randoms(use_true_random=False), st.integers(1, 5), st.integers(1, 9))
def test_however_the_work_is_cut_the_file_is_the_same(sizes, chance, n_shards, n_rows):
    rows, stage = corpus(30, 6, ["en", "zh", "ja"]), made(order=4, min_counts=(1, 1, 2))
    whole = file_of(stage, rows)
    with pytest.MonkeyPatch.context() as patch:
        for name, size in sizes.items():
            patch.setattr(ngram_rounds, name, size)
        patch.setattr(ngram_estimate, "BLOCK", 16)
        order = chance.sample(range(len(rows)), len(rows))
        assert file_of(stage, rows, order, n_shards, n_rows) == whole


def test_ngrams_of_one_key_do_not_stop_the_work(monkeypatch):
    """Somebody can make such: the least is in the file, whatever the order of documents and parts."""
    stage, lines = made(order=3, min_counts=(1,)), ["gkrgnyzr fxxkfdoc 1", "htuaepfz ihnkbgus the"]
    assert len({slowly.key(tuple(line.encode().split()[:2])) for line in lines}) == 1
    rows = [*corpus(30, 13, ["en"]), *(row for line in lines for row in copies(line, 9))]
    learned = truth(stage, rows, "en")
    n_ngrams = [sum(len(gram) == n for gram in learned.grams) - (n > 1) for n in (1, 2, 3)]  # also after <s>
    content = file_of(stage, rows)
    found = read(content)
    assert found.about["languages"]["en"]["ngrams"] == n_ngrams
    assert [len(ids) for ids in found.models["en"].ids] == n_ngrams
    kept = [min(learned.numbered(line.encode().split()[:2]) for line in lines)]
    ours = {tuple(learned.numbered(line.encode().split()[:2])) for line in lines}
    assert [ids for ids in found.models["en"].ids[1].tolist() if tuple(ids) in ours] == kept
    for line in lines:
        assert (np.abs(token_costs(found.models["en"], line)[0]) < 3_000_000).all()
    monkeypatch.setattr(ngram_rounds, "PARTITION_BYTES", 200)
    monkeypatch.setattr(ngram_rounds, "RANGE_NGRAMS", 9)
    assert file_of(stage, rows, list(range(len(rows)))[::-1], 3, 5) == content


def test_work_is_shared_out_by_language_and_size(tmp_path, monkeypatch):
    monkeypatch.setattr(ngram_rounds, "PARTITION_BYTES", 400)
    rows, stage = corpus(40, languages=["en", "en", "en", "zh"]), made()
    columns = [list(column) for column in zip(*rows, strict=True)]
    bench = ToyBench(stage, {"one": [batches.documents(columns[2], columns[0], 0, columns[1])]}, tmp_path)
    stage.fit(bench, out := io.BytesIO())
    sizes = [one["bytes"] for one in read(out.getvalue()).about["languages"].values()]
    assert sizes[0] > 800 and sizes[1] < 400
    parts = [f"0-{part}" for part in range(1 + sizes[0] // 400)] + ["1-0"]
    tasks = [("survey", "one"), ("words", "one"), ("vocabulary", "0"), ("vocabulary", "1"), ("count", "one")]
    tasks += [("merge", part) for part in parts] + [("discount", "0"), ("discount", "1")]
    tasks += [("estimate", part) for part in parts]
    assert bench.done == [*tasks, ("write", "model"), ("measure", "one")]


class Kept(ToyBench):
    """A bench that keeps results as a run does, and that a kill stops once so many tasks are done."""

    def __init__(self, stage, shards, folder, results: dict, lasts: int) -> None:
        super().__init__(stage, shards, folder)
        self.results, self.lasts, self.written = results, lasts, set[str]()

    def map(self, method, tasks):
        for task in tasks:
            if (method, task) not in self.results:
                if not self.lasts:
                    raise KeyboardInterrupt
                self.lasts -= 1
                self.results[method, task] = super().map(method, [task])[0]
        self.written |= {path.name for path in Path(self.folder).glob("[fs]*/*")}
        return [self.results[method, task] for task in tasks]


def test_what_no_later_round_needs_goes_and_a_fit_that_is_stopped_anywhere_misses_nothing(tmp_path):
    rows, stage = corpus(24), made(order=3)
    by_language = [[row for row in rows if row[1] == code] for code in ("en", "zh")]
    shards = {}
    for name, chosen in zip(("one", "two", "both"), [*by_language, corpus(10, 9)], strict=True):
        sources, languages, texts = (list(column) for column in zip(*chosen, strict=True))
        shards[name] = [batches.documents(texts, sources, 0, languages)]
    whole = Kept(stage, shards, tmp_path / "whole", {}, 99)
    stage.fit(whole, out := io.BytesIO())
    assert len(whole.results) == 3 * 4 + 2 * 4 + 1 and read(out.getvalue()).models.keys() == {"en", "zh"}
    of_words = {name for name in whole.written if name.startswith("words-")}
    assert of_words == {f"words-{which}" for which in ("0-one", "1-two", "0-both", "1-both")}
    of_counts = {name for name in whole.written if name.startswith("counts-")}
    assert of_counts == {name.replace("words", "counts") + ".arrow" for name in of_words}
    for lasts in range(len(whole.results)):
        folder, results = tmp_path / str(lasts), {}
        with pytest.raises(KeyboardInterrupt):
            stage.fit(Kept(stage, shards, folder, results, lasts), io.BytesIO())
        assert list(results) == list(whole.results)[:lasts]
        stage.fit(Kept(stage, shards, folder, results, 99), again := io.BytesIO())
        assert again.getvalue() == out.getvalue()
        left = {path.name for path in folder.glob("[fs]*/*")}
        assert left == {"plan", "learned", "model", *(f"{what}-{n}" for what in ("vocabulary", "sums") for n in (0, 1))}


@pytest.mark.parametrize("content", [b"", b"PK", b"text", b"\x80\x04N.", None], ids=str)
@pytest.mark.parametrize("read", [ngram_rounds.load, ngram_rounds.load_json])
def test_a_damaged_file_of_the_rounds_is_named_with_what_to_do(tmp_path, content, read):
    bench = ToyBench(made(), {}, tmp_path)
    ngram_rounds.save(bench, "sums-0", values=np.arange(1000))
    with bench.read("sums-0") as file:
        whole = bytearray(file.read())
    whole[200] ^= 1
    with bench.write("sums-0") as file:
        file.write(bytes(whole) if content is None else content)
    with pytest.raises(InputError) as error:
        read(bench, "sums-0")
    assert str(error.value) == f"{tmp_path}/files/sums-0 is damaged: delete its run's work/ folder and run again"


def test_a_shard_more_without_documents_changes_nothing():
    rows, stage = corpus(), made()
    assert file_of(stage, rows, n_shards=9) == file_of(stage, rows)


@pytest.mark.parametrize("text", ["x" * 5_000_000, "ab中。 " * 700_000, "的" * 1_700_000])
def test_one_huge_line_is_learned(text):
    stage = made(by_language=False, tokens="characters")
    huge = next(row for row in copies(text, 20) if not ngram_fits.is_held_out(row[2], stage))
    content = file_of(stage, [huge, *corpus()])
    model = read(content).models["all"]
    costs, unknown = token_costs(model, text[:1000])
    assert not unknown.any() and costs.mean() < 100_000


def test_a_huge_word_is_one_token():
    stage = made(order=2, min_counts=(1,))
    rows = [*corpus(30, 7, ["en"]), *copies("cat " + "x" * 5_000_000, 9)]
    words = fit(stage, rows).models["en"].words.to_list()
    assert b"x" * 5_000_000 in words and set(words) > {word.lower().encode() for word in ENGLISH[:4]}
