"""What the report says of ablation, tokenizer and packing: the facts of the files, whatever they hold."""

from __future__ import annotations

import json

import pytest
from made_up_run import (
    AVAILABLE,
    HOSTILE_MIXTURE,
    HOSTILE_TOKENS,
    ablation,
    add_ablation,
    add_tokens,
    documents,
    hostile_tokenizer,
    write_json,
)

from pipeline.errors import InputError
from pipeline.report import collect, render_html, render_markdown, write_report
from pipeline.report.ablation_figures import Scale, heat, loss_curves, objective_scale, ticks
from pipeline.report.training import _thinned, apart
from pipeline.report.units import count, duration, operations


def test_a_run_without_training_says_nothing_of_it(plain_run):
    data = collect(str(plain_run))
    assert [data[key] for key in ("ablation", "tokenizer", "packing", "next")] == [None, None, None, []]
    for text in (render_html(data), render_markdown(data)):
        assert "Which mixture" not in text
        assert "Tokenizer" not in text


def test_what_best_means_comes_before_the_verdict_and_both_before_all_else(trained):
    data = collect(str(trained))
    for text, funnel in ((render_html(data), "<h2>Funnel"), (render_markdown(data), "## Funnel")):
        means = text.index("Best means:")
        verdict = text.index("Not resolved at this size: natural is ahead")
        assert means < verdict < text.index("only", verdict) < text.index(funnel)
        assert "code 50 %, docs 50 %" in text[means:verdict]


def test_mixtures_come_best_first_with_words_for_how_they_stand(trained):
    mixtures = collect(str(trained))["ablation"]["mixtures"]
    means = [one["mean"] for one in mixtures.values()]
    assert means == sorted(means)
    assert [one["standing"] for one in mixtures.values()] == ["ahead", "not resolved", *["worse"] * 5]
    assert mixtures["only_zh"]["by_source"] == {"code": "worse", "docs": "worse", "zh": "best"}


def test_whose_noise_it_is_is_told(plain_run):
    add_ablation(plain_run, ablation())
    assert apart(collect(str(plain_run))["ablation"]) == ""
    found = ablation()
    found["verdict"]["noise"]["mixtures"] = ["natural", "uniform"]
    add_ablation(plain_run, found)
    data = collect(str(plain_run))
    told = apart(data["ablation"])
    assert "are measured apart." in render_html(data) and "are measured apart" in render_markdown(data)
    assert told.startswith("That is the noise of natural, uniform; ") and "only_zh" in told


def test_a_variant_that_is_ahead_is_told_and_not_mixed(plain_run):
    found = ablation()
    found["mixtures"]["natural"].update(without=["dedup_document"], also=["uniform"])
    found["left_out"] = ["only_code"]
    add_ablation(plain_run, found)
    add_tokens(plain_run, documents())
    data = collect(str(plain_run))
    for text in (render_html(data), render_markdown(data).replace("\\", "")):
        assert "natural: the corpus made without dedup_document, mixed as it comes" in text
        assert "natural is also uniform: the same weights of the same text, trained once." in text
        assert "Left out, for there is no text to train on: only_code." in text
    assert data["next"][-1] == {
        "text": "Run the recipe without dedup_document: the variant that is ahead has it left out.", "command": "",
    }  # fmt: skip


def test_served_tokens_and_too_many_epochs_are_told(trained):
    data = collect(str(trained))
    served = data["ablation"]["mixtures"]["only_zh"]["served"]
    assert served["zh"]["tokens"] == 1_000_999
    assert served["zh"]["epochs"] == pytest.approx(1_000_999 / AVAILABLE["zh"])
    assert served["zh"]["too_often"]
    assert served["code"] == {"planned": 0, "tokens": 0, "epochs": 0.0, "too_often": False}
    assert "10.14 epochs – too often" in render_html(data)
    assert "| 10.14 (too often) |" in render_markdown(data)


def test_columns_are_of_their_sources_in_whatever_order_a_mixture_names_them(plain_run):
    found = ablation()
    weights = found["mixtures"]["natural"]["weights"]
    found["mixtures"]["natural"]["weights"] = dict(reversed(weights.items()))
    for name, orders in (("as_named", found), ("reversed", ablation())):
        add_ablation(plain_run, orders)
        data = collect(str(plain_run))
        assert list(data["ablation"]["mixtures"]["natural"]["served"]) == sorted(weights)
        (plain_run / f"{name}.html").write_text(render_html(data))
    assert (plain_run / "as_named.html").read_text() == (plain_run / "reversed.html").read_text()


def test_a_source_names_the_mixture_that_is_in_doubt_not_a_nearer_one_that_is_not(plain_run):
    found = ablation()
    others = found["verdict"]["sources"]["docs"]["others"]
    for name, one in others.items():
        one["resolved"] = name != "only_zh"
    add_ablation(plain_run, found)
    assert next(iter(others)) != "only_zh"
    assert collect(str(plain_run))["ablation"]["sources"]["docs"]["second"]["mixture"] == "only_zh"


def test_seconds_and_operations_are_summed(trained):
    found = collect(str(trained))["ablation"]
    assert found["total"] == {"runs": 14, "flops": 14 * 5_123_456_789_012, "seconds": pytest.approx(14 * 71.3)}
    (trained / "out" / "ablation" / "timing.json").unlink()
    data = collect(str(trained))
    assert data["ablation"]["total"]["seconds"] is None
    assert "71.7 TFLOP" in render_html(data)


def test_tags_that_no_source_has_are_named(trained):
    data = collect(str(trained))
    assert "No source here has its tags books, wikipedia" in render_html(data)
    assert "No source here has its tags books, wikipedia" in render_markdown(data)


def test_names_and_tokens_are_text(trained):
    write_report(str(trained))
    page = (trained / "out" / "report" / "index.html").read_text(encoding="utf-8")
    text = (trained / "out" / "report" / "report.md").read_text(encoding="utf-8")
    assert "&lt;img src=x onerror=" in page
    for closed in (page, text.split("```sh")[0]):
        assert "<img" not in closed
        assert "<script" not in closed
        assert "混合" in closed
    assert "](javascript" not in text
    assert "\u202e" not in page + text


@pytest.mark.parametrize(
    ("mixtures", "seeds"),
    [
        (("natural",), (0,)),
        (("natural",), (0, 1)),
        (("uniform", "natural"), (0,)),
        (("gpt3", HOSTILE_MIXTURE), (0, 1, 2)),
    ],
)
def test_any_ablation_has_a_report(plain_run, mixtures, seeds):
    add_ablation(plain_run, ablation(mixtures, seeds))
    data = collect(str(plain_run))
    assert "Best means:" in render_html(data)
    assert "Best means:" in render_markdown(data)
    assert (data["ablation"]["margin"] is None) == (len(mixtures) == 1 or len(seeds) == 1)


def test_equal_mixtures_without_curves_have_a_report(plain_run):
    found = ablation(("natural", "uniform"), (0, 1))
    for one in found["runs"]:
        one["curve"] = []
    for one in found["verdict"]["mixtures"].values():
        one.update(mean=2.0, seeds={"0": 2.0, "1": 2.0})
    found["verdict"]["others"]["uniform"].update(difference=0.0, low=0.0, high=0.0, resolved=False)
    add_ablation(plain_run, found)
    data = collect(str(plain_run))
    assert "</html>" in render_html(data)
    assert loss_curves(data["ablation"]["mixtures"]) == ""


def test_a_source_that_is_not_repeated_as_in_the_target_is_marked(plain_run):
    found = ablation()
    found["runs"][-1].update(coarse=["zh"])
    add_ablation(plain_run, found)
    data = collect(str(plain_run))
    page, text = render_html(data), render_markdown(data)
    assert page.count("not repeated as in the target") == text.count("not repeated as in the target") == 1


def test_tokens_are_counted_by_what_they_stand_for(plain_run):
    add_tokens(plain_run, documents())
    found = collect(str(plain_run))["tokenizer"]
    assert (found["vocab_size"], found["n_merges"]) == (257 + len(HOSTILE_TOKENS), len(HOSTILE_TOKENS))
    assert [one["text"] for one in found["longest"][:2]] == ["␣×40", HOSTILE_TOKENS[0]]
    assert {"text": "a\\n\\tb", "bytes": 4} in found["longest"]
    code, zh = found["sources"]["code"]["train"], found["sources"]["zh"]["train"]
    n_bytes = sum(len(text.encode()) for text in documents()["train"]["zh"])
    assert zh == {"documents": 19, "tokens": n_bytes + 19, "bytes": n_bytes, "of_one_byte": 1.0, "in_character": 1.0}
    assert code["in_character"] == 0.0
    assert found["sources"]["code"]["validation"]["of_one_byte"] is None
    n_documents = sum(len(texts) for sources in documents().values() for texts in sources.values())
    assert f"all {n_documents:,} documents came back" in found["read_back"]


def test_packing_is_counted_and_little_validation_is_marked(plain_run):
    add_tokens(plain_run, documents())
    data = collect(str(plain_run))
    sources = data["packing"]["sources"]
    texts = documents()["train"]["zh"]
    zh = sources["zh"]["train"]
    assert zh["documents_cut"] == sum(len(text.encode()) + 2 > 65 for text in texts)
    assert zh["padding_share"] == pytest.approx(zh["padding"] / (zh["sequences"] * 65))
    assert zh["tokens"] + zh["pieces"] + zh["padding"] == zh["sequences"] * 65
    assert {name: one["validation_is_small"] for name, one in sources.items()} == {
        "code": True,
        "docs": False,
        "zh": True,
    }
    assert sources["docs"]["tag"] == "web"
    page, text = render_html(data), render_markdown(data)
    assert '<span class="warning">empty</span>' in page
    assert "validation 0.0 % (small)" in text


def test_a_damaged_shard_of_tokens_is_named(plain_run):
    add_tokens(plain_run, documents())
    path = plain_run / "out" / "tokens" / "train" / "zh" / "000.npy"
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(InputError, match=r"000\.npy is damaged"):
        collect(str(plain_run))


def test_a_published_tokenizer_is_enough(plain_run):
    write_json(plain_run / "out" / "tokenizer.json", hostile_tokenizer())
    data = collect(str(plain_run))
    assert data["tokenizer"]["sources"] == {}
    assert "<h2>Tokenizer</h2>" in render_html(data)
    assert "## Tokenizer" in render_markdown(data)


def test_the_json_is_what_the_page_shows(trained):
    write_report(str(trained))
    data = json.loads((trained / "out" / "report" / "report.json").read_text(encoding="utf-8"))
    again = collect(str(trained))
    assert data == again
    assert render_html(data) == (trained / "out" / "report" / "index.html").read_text(encoding="utf-8")


def test_ticks_are_round_and_inside():
    assert ticks(1.82, 1.95, 3) == pytest.approx([1.85, 1.9, 1.95])
    assert ticks(0.0, 1.0, 3) == pytest.approx([0, 0.5, 1])
    assert ticks(3.2, 10.5, 4) == pytest.approx([4, 6, 8, 10])
    assert len(ticks(2.0, 2.000002, 3)) >= 3


def test_the_axis_ends_where_the_decision_does(trained):
    found = collect(str(trained))["ablation"]
    scale = objective_scale(found)
    natural, gpt3, *_, only_zh = found["mixtures"].values()
    assert scale.low < min(natural["seeds"].values())
    assert gpt3["mean"] + found["margin"] < scale.high < only_zh["mean"]
    assert Scale(1.0, 3.0).at(2.0) == 50


def test_colours_run_from_best_to_worst_but_not_within_the_noise():
    assert [heat(value, [1.0, 1.25, 2.0], None) for value in (1.0, 1.25, 2.0)] == ["h8", "h4", "h0"]
    assert heat(1.02, [1.0, 1.02], 2.0) == "h7"
    assert heat(1.0, [1.0], None) == "h8"


def test_long_curves_are_thinned_to_means():
    curve = [[float(n), float(n % 2)] for n in range(1, 1001)]
    thin = _thinned(curve)
    assert 100 < len(thin) <= 150
    assert thin[-1][0] == 1000
    assert _thinned(curve[:7]) == curve[:7]
    assert _thinned([]) == []


def test_measures_are_short():
    assert [duration(seconds) for seconds in (0.04, 59.94, 71.3, 3599.6, 7512)] == [
        "0.0 s",
        "59.9 s",
        "1 min 11 s",
        "1 h 00 min",
        "2 h 05 min",
    ]
    assert [operations(value) for value in (12, 5_123_456_789_012, 3.2e22)] == ["12 FLOP", "5.1 TFLOP", "32,000 EFLOP"]
    assert [count(value) for value in (500, 20_000, 1_500_000)] == ["500", "20 k", "1.5 M"]
