"""ngram_model: what is learned, what is held out and measured, what is told, and what is refused."""

from __future__ import annotations

import io
import json
import random

import ngram_fits
import ngram_models
import numpy as np
import pytest
import tokenizer_cases
import tokenizers
from ngram_fits import compare, copies, corpus, cutter, file_of, fit, is_held_out, lines_of, made, read, slow

from pipeline.errors import InputError, OptionError
from stages import ngram_arpa
from stages.ngram_model import NgramModel
from stages.ngram_sample import HELD_OUT, TRAIN
from stages.ngram_score import token_costs
from stages.quantile_sketch import sketched

MARKS = {"<unk>", "<s>", "</s>"}


def about(content: bytes) -> dict:
    """What the stage tells of a file."""
    return made().facts(io.BytesIO(content))


def vocabulary(found, language: str) -> set[str]:
    return {word.decode() for word in found.models[language].words.to_list()} - MARKS


def roles(stage: NgramModel, rows) -> list[str]:
    """Of documents that are all of sources to learn from."""
    return [HELD_OUT if is_held_out(text, stage) else TRAIN for _, _, text in rows]


def test_a_word_that_only_others_have_is_unknown():
    rows = [(source, "en", f"the word{n} cat") for n, source in enumerate(["books", "web"] * 100)]
    rows = [
        (source, language, text.translate(str.maketrans("0123456789", "abcdefghij"))) for source, language, text in rows
    ]
    stage = made(sources=("books",))
    found = fit(stage, rows)
    expected = {"the", "cat"} | {
        text.split()[1] for source, _, text in rows if source == "books" and not is_held_out(text, stage)
    }
    assert vocabulary(found, "en") == expected
    told = found.about["languages"]["en"]
    n_held_out = sum(is_held_out(text, stage) for source, _, text in rows if source == "books")
    assert told["documents"] == 100 - n_held_out == len(expected) - 2
    assert told["held_out"]["documents"] == n_held_out > 10 and told["held_out"]["unknown_frac"] == round(1 / 3, 6)
    assert told["bounds"]["documents"] == 100 and told["bounds"]["from"] == ["web"]


@pytest.mark.parametrize(
    ("sources", "bounds_sources", "least", "expected", "n"),
    [
        (("books",), (), 1, ["code", "web"], 80),
        (("books",), ("code",), 1, ["code"], 40),
        ((), ("code",), 1, ["code"], 40),
        (("books", "code"), ("web",), 1, ["web"], 40),
        (("books",), ("code",), 41, None, None),
    ],
)
def test_bounds_are_of_the_reference_or_the_corpus(sources, bounds_sources, least, expected, n):
    rows = [row for source in ("books", "web", "code") for row in copies(f"the cat {source} saw", 40, source)]
    stage = made(sources=sources, bounds_sources=bounds_sources, min_bounds_documents=least)
    if expected is None:
        with pytest.raises(InputError, match="and 40 documents for bounds, fewer than 41 documents of the ref"):
            fit(stage, rows)
        return
    told = fit(stage, rows).about["languages"]["en"]["bounds"]
    assert told["from"] == expected and told["documents"] == n == sum(told["document_sketch"]["counts"])
    assert told["whose"] == ("reference" if bounds_sources else "corpus")


def test_bounds_are_of_what_is_held_out_where_there_is_no_other():
    for told in fit(made(), corpus(100)).about["languages"].values():
        assert told["bounds"]["from"] == ["web"] and told["bounds"]["whose"] == "held_out"
        assert told["bounds"]["documents"] == told["held_out"]["documents"] > 5


def test_a_reference_that_lacks_a_language_leaves_it_unserved():
    rows = corpus(100) + corpus(30, languages=["zh"], source="good")
    told = fit(made(bounds_sources=("good",), min_bounds_documents=2), rows).about
    assert told["languages"].keys() == {"zh"} and told["languages"]["zh"]["bounds"]["from"] == ["good"]
    assert told["unserved"]["en"]["why"] == "fewer than 2 documents of the reference"
    assert told["unserved"]["en"]["bounds_documents"] == 0


def test_bounds_are_of_what_is_held_out_where_others_are_too_few():
    rows = corpus(100, languages=["zh"], source="books") + corpus(4, languages=["zh"])
    few, enough = (fit(made(sources=("books",), min_bounds_documents=n), rows) for n in (5, 4))
    assert few.about["languages"]["zh"]["bounds"]["from"] == ["books"]
    assert few.about["languages"]["zh"]["bounds"]["whose"] == "held_out"
    assert enough.about["languages"]["zh"]["bounds"]["from"] == ["web"]


def test_at_most_so_many_documents_make_bounds_those_of_the_lowest_hash():
    rows, stage = corpus(300, languages=["zh"]), made(sources=("books",), max_bounds_documents=40)
    rows = [("books", "zh", "中文。") for _ in range(20)] + rows
    told = fit(stage, rows).about["languages"]["zh"]["bounds"]
    assert 30 < told["documents"] <= 40
    assert fit(made(sources=("books",)), rows).about["languages"]["zh"]["bounds"]["documents"] == 300


def test_facts_are_those_of_the_documents():
    rows, stage = corpus(120, 8), made(order=3, min_counts=(1, 1, 2))
    content = file_of(stage, rows)
    told, models = about(content), read(content).models
    assert told["kind"] == "ngram_model" and told["unserved"] == {}
    assert told["options"]["order"] == 3 and told["options"]["min_counts"] == [1, 1, 2]
    for language, kind in (("en", "words"), ("zh", "characters")):
        one, cut = told["languages"][language], cutter(kind)
        texts = {
            role: [
                row[2] for row, its in zip(rows, roles(stage, rows), strict=True) if row[1] == language and its == role
            ]
            for role in (TRAIN, HELD_OUT)
        }
        lines, held_out = lines_of(texts[TRAIN], cut), lines_of(texts[HELD_OUT], cut)
        truth = slow(stage, texts[TRAIN], cut)
        assert (one["tokens"], one["order"], one["documents"]) == (kind, 3, len(texts[TRAIN]))
        assert one["bytes"] == sum(len(text.encode()) for text in texts[TRAIN])
        assert (one["lines"], one["n_tokens"]) == (len(lines), sum(map(len, lines)))
        assert one["vocabulary"] == len(truth.words) == one["ngrams"][0]
        assert one["ngrams"] == [sum(len(gram) == n for gram in truth.grams) for n in (1, 2, 3)]
        np.testing.assert_allclose(one["discounts"], np.array(truth.model.discounts, float), atol=1e-6)
        expected = [ngram_fits.reference_ngram_train.discount(counts) is None for counts in truth.model.counts]
        assert one["fallback"] == expected
        costs = [sum(truth.costs(line)) / 1e6 for line in held_out]
        n_tokens = sum(map(len, held_out))
        perplexity = 10 ** (sum(costs) / (n_tokens + len(held_out)))
        assert one["held_out"]["perplexity"] == pytest.approx(perplexity, rel=1e-5, abs=0.006)
        assert (one["held_out"]["documents"], one["held_out"]["tokens"]) == (len(texts[HELD_OUT]), n_tokens)
        by_document = [
            sum(costs) / len(costs)
            for costs in (
                [
                    cost / 1e6
                    for line in lines_of([text], cut)
                    for cost in token_costs_of(models[language], line, language)
                ]
                for text in texts[HELD_OUT]
            )
        ]
        values = np.floor(np.array(by_document) * 10_000 + 0.5).astype(np.int64)
        assert one["bounds"]["document_sketch"] == sketched(values).to_json()
        assert one["bounds"]["percentiles"].keys() >= {"1", "33.33", "50", "66.67", "99"}


def token_costs_of(model, line: list[bytes], language: str) -> list[int]:
    text = b" ".join(line) if language == "en" else b"".join(line)
    return token_costs(model, text.decode())[0].tolist()


def test_facts_hold_no_word_and_no_other_smoothing_has_discounts():
    rows = copies("zebra quagga okapi", 40)
    told = about(file_of(made(smoothing="laplace"), rows))
    assert told["languages"]["en"]["discounts"] == told["languages"]["en"]["fallback"] == []
    assert not any(word in json.dumps(told) for word in ("zebra", "quagga", "okapi"))


def test_the_documents_of_the_lowest_hash_are_learned_up_to_the_budget():
    text = "the cat saw a dog. " * 5
    rows = [("web", language, f"{text}{number:03d}") for language in ("en", "de") for number in range(200)]
    size = len(rows[0][2])
    told = fit(made(max_mb=0.005), rows).about["languages"]
    for one in told.values():
        assert 5000 * 0.9 < one["bytes"] <= 5000 and one["documents"] * size == one["bytes"]
    whole = fit(made(), rows).about["languages"]
    assert all(one["bytes"] > 12_000 for one in whole.values())


def test_seed_changes_what_is_learned_and_nothing_else_does():
    rows = corpus(100)
    assert file_of(made(seed=1), rows) != file_of(made(), rows) == file_of(made(), rows, n_rows=1)
    first, second = (fit(made(seed=seed), rows).about["languages"]["en"]["documents"] for seed in (0, 1))
    assert first + second > 50


def test_tokens_go_by_language():
    rows = (
        corpus(120, 9, ["en", "zh", "ja", "xx"][:3])
        + copies("แมว นั่ง", 20, language="th")
        + copies("ab 中文", 20, language="xx-Q")
    )
    found = fit(made(), rows)
    kinds = {code: one["tokens"] for code, one in found.about["languages"].items()}
    assert kinds == {"en": "words", "zh": "characters", "ja": "characters", "th": "characters", "xx-Q": "words"}
    assert kinds == {code: model.tokens for code, model in found.models.items()}
    assert (
        "garden" in vocabulary(found, "en") and "0" in vocabulary(found, "zh") and "2024" not in vocabulary(found, "zh")
    )
    assert vocabulary(found, "xx-Q") == {"ab", "中", "文"} and "ま" not in vocabulary(found, "th")
    all_words = fit(made(tokens="words"), rows).models
    assert {model.tokens for model in all_words.values()} == {"words"} and b"0000" in all_words["zh"].words.to_list()
    one = fit(made(by_language=False), rows)
    assert one.models.keys() == {"all"} and one.models["all"].tokens == "words"


@pytest.fixture
def tokenizer(tmp_path):
    path = tmp_path / "tokenizer.json"
    path.write_bytes(tokenizer_cases.trained())
    return str(path)


def test_pieces_are_those_of_the_tokenizer(tokenizer):
    """The library that trained the tokenizer says what the pieces of a line are."""
    judge = tokenizers.Tokenizer.from_str(tokenizer_cases.trained().decode())

    def cut(line: str) -> list[bytes]:
        return [token.encode() for token in judge.encode(line, add_special_tokens=False).tokens]

    rows = [*corpus(60, 10), *[("web", "en", "the river garden winter")] * 3]
    stage = made(tokens="pieces", tokenizer=tokenizer, order=3)
    content = file_of(stage, rows)
    found = read(content)
    for language, model in found.models.items():
        texts = [text for _, code, text in rows if code == language and not is_held_out(text, stage)]
        compare(model, slow(stage, texts, cut), cut, [text for _, code, text in rows if code == language])
    assert "Ġriver" in vocabulary(found, "en")
    assert tokenizer.encode() not in content and "tokenizer" not in found.about["options"]


def test_a_text_that_spells_a_mark_is_no_mark(tokenizer):
    rows = corpus(40) + [("web", "en", "<s> </s> <unk> <|endoftext|> the")] * 9
    for options in ({}, {"tokens": "characters"}, {"tokens": "pieces", "tokenizer": tokenizer}):
        found = fit(made(**options), rows)
        assert [word for word in found.models["en"].words.to_list() if word.decode() in MARKS] == [
            b"<unk>",
            b"<s>",
            b"</s>",
        ]
        costs, _ = token_costs(found.models["en"], "the <s> </s>")
        assert costs.max() < 9_000_000, "<s> itself has 99"


def test_a_language_with_too_few_is_not_served():
    german = [("web", "de", f"ein {word}") for word in ("Satz", "Wort", "Buch")]
    rows = corpus(200) + german + [("web", "fr", "\t\x01\u3000")] * 90
    told = fit(made(min_mb=0.001, min_bounds_documents=5, languages=("de", "en", "fr", "fi")), rows).about
    n = sum(not is_held_out(text, made()) for _, _, text in german)
    assert told["languages"].keys() == {"en"}
    why = "less than 0.001 MB to learn from"
    assert told["unserved"] == {
        "de": {"documents": n, "bytes": n * len("ein Satz"), "bounds_documents": 3 - n, "why": why},
        "fi": {"documents": 0, "bytes": 0, "bounds_documents": 0, "why": why},
        "fr": {"documents": 0, "bytes": 0, "bounds_documents": 0, "why": why},
    }
    told = fit(made(min_mb=0.001, min_bounds_documents=40), corpus(200, languages=["en", "en", "en", "zh"])).about
    assert told["unserved"]["zh"]["why"] == "fewer than 40 documents for bounds" and told["languages"].keys() == {"en"}


@pytest.mark.parametrize("rows", [[], [("web", "en", "")] * 50, [("web", "en", "\n \x07\u3000")] * 50, corpus(20)])
def test_without_any_language_there_is_one_error(rows):
    with pytest.raises(InputError, match=r"serve no language: each needs 0.5 MB.*'min_mb'") as error:
        file_of(NgramModel(), rows)
    assert "\n" not in str(error.value)


def test_a_label_of_odd_characters_is_one_as_any_other():
    odd = ["zh/../x\n'\"", "\U0001f600", "a" * 300, "ALL"]
    rows = [("web", label, text) for label in odd for _, _, text in corpus(30, languages=["en"])]
    found = fit(made(), rows)
    assert set(found.models) == set(odd) == set(found.about["languages"])
    with pytest.raises(InputError) as error:
        fit(made(min_mb=1), rows)
    assert "\n" not in str(error.value) and len(str(error.value)) < 1500


def test_a_label_that_stands_for_something_else_is_no_language():
    names = ["", "all", "*", "en"]
    found = fit(
        made(), corpus(120, languages=["en"]) + [(*row[:1], name, row[2]) for name in names[:3] for row in corpus()]
    )
    assert set(found.models) == {"en"} and found.about["unserved"].keys() == set(names[:3])
    assert found.about["unserved"]["all"]["why"] == "'all' is no language: it stands for all of them"
    assert all(one["documents"] for one in found.about["unserved"].values())


@pytest.mark.parametrize("text", ["x", "的", "!?…。", "1", "a\n\n\n", "\r\n.\r\n"])
def test_hardly_a_token_is_enough(text):
    found = fit(made(), [*copies(text, 30), *copies("", 9)]).models["en"]
    costs, unknown = token_costs(found, text.strip())
    assert not unknown.any() and costs.max() < 500_000
    assert token_costs(found, "zebra")[1].tolist() == [True, False]


@pytest.mark.parametrize(
    ("options", "option", "why"),
    [
        ({"sources": ("a", "b"), "bounds_sources": ("b",)}, "bounds_sources", "learned from: b"),
        ({"min_counts": ()}, "min_counts", "1 to 6 numbers"),
        ({"min_counts": (1,) * 7}, "min_counts", "1 to 6 numbers"),
        ({"min_counts": (2, 1)}, "min_counts", "none lower than the one before"),
        ({"tokens": "pieces"}, "tokenizer", "go together"),
        ({"tokenizer": "x.json"}, "tokenizer", "go together"),
        ({"languages": ("en",), "by_language": False}, "languages", "by_language: true"),
        ({"order": 7}, "order", "6"),
        ({"order": 1}, "order", "2"),
        ({"min_counts": (0,)}, "min_counts", "1"),
        ({"smoothing": "good_turing"}, "smoothing", "kneser_ney"),
        ({"max_words": 0}, "max_words", "1"),
        ({"max_mb": 0.4}, "max_mb", "below 'min_mb'"),
        ({"max_bounds_documents": 19}, "max_bounds_documents", "below 'min_bounds_documents'"),
        ({"held_out_frac": 0}, "held_out_frac", "0.001"),
    ],
)
def test_options_that_cannot_be_are_refused(options, option, why):
    with pytest.raises(OptionError, match=why) as error:
        NgramModel(**options)
    assert error.value.key == option and "\n" not in str(error.value)


def test_every_order_goes_with_the_cut_offs_as_they_are():
    assert [len(NgramModel(order=order)._least) for order in range(2, 7)] == [2, 3, 4, 5, 6]
    assert NgramModel(order=2)._least == [1, 1] and NgramModel(order=4)._least == [1, 1, 2, 2]


def test_what_decides_the_file_is_in_its_identity(tokenizer):
    assert NgramModel().identity().keys() == {"unicode", "profiles"}
    assert NgramModel(tokens="words").identity().keys() == {"unicode"}
    own = NgramModel(tokens="pieces", tokenizer=tokenizer).identity()
    assert own.keys() == {"unicode", "tokenizer"} and len(own["tokenizer"]) == 64
    assert NgramModel().needs() == ("text", "source", "language_label")
    assert NgramModel(by_language=False).needs() == ("text", "source")


@pytest.mark.parametrize("content", [b"", b"{}", b"\x00" * 100])
def test_a_tokenizer_that_is_none_is_refused_in_one_line(tmp_path, content):
    path = tmp_path / "tokenizer.json"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"tokenizer.json is no tokenizer") as error:
        fit(made(tokens="pieces", tokenizer=str(path)), corpus())
    assert "\n" not in str(error.value)
    with pytest.raises(OptionError, match=r"^ngram_model option 'tokenizer': there is no file .*none\.json$"):
        fit(made(tokens="pieces", tokenizer=str(tmp_path / "none.json")), corpus())


def test_salad_is_less_probable_than_what_was_learned():
    rows, chance = corpus(400, 11), random.Random(3)
    models = fit(made(order=3), rows).models
    for language, gap in (("en", " "), ("zh", "")):
        worse = 0
        lines = [
            line for _, code, text in corpus(60, 12) if code == language for line in text.split("\n") if len(line) > 5
        ]
        for line in lines:
            tokens = line.split(" ") if gap else list(line)
            salad = gap.join(chance.sample(tokens, len(tokens)))
            worse += token_costs(models[language], salad)[0].sum() > token_costs(models[language], line)[0].sum()
        assert worse > 0.7 * len(lines) > 15


@pytest.mark.parametrize(
    ("options", "language"), [({"by_language": False}, "all"), ({"languages": ("zh",), "smoothing": "add_k"}, "zh")]
)
def test_one_model_can_be_an_arpa_file(tmp_path, options, language):
    stage = made(order=3, min_counts=(1,), **options)
    assert stage.formats == {".arpa": ""}
    content = file_of(stage, corpus())
    (tmp_path / "model").write_bytes(content)
    with open(tmp_path / "model.arpa", "wb") as out:
        stage.convert(str(tmp_path / "model"), ".arpa", out)
    found = ngram_arpa.read(str(tmp_path / "model.arpa"), read(content).models[language].tokens)
    assert ngram_models.listing(found) == ngram_models.listing(read(content).models[language])


def test_why_there_is_no_arpa_file():
    assert "give --language" in made().formats[".arpa"] == made(languages=("en", "zh")).formats[".arpa"]
    assert "smoothing" in made(by_language=False, smoothing="stupid_backoff").formats[".arpa"]
