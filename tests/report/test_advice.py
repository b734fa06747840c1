"""What the report advises: true to the facts, and the number of seeds near that of the exact distribution."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from made_up_run import HOSTILE_MIXTURE, ablation, add_ablation, add_tokens, documents
from scipy import stats

from pipeline.report import collect
from pipeline.report.advice import MOST_SEEDS, READING, _student, seeds_needed


def steps(run, found=None, texts=None):
    """The sentences and the commands for a run with this ablation and these texts."""
    if found is not None:
        add_ablation(run, found)
    if texts is not None:
        add_tokens(run, texts)
    told = collect(str(run))["next"]
    return [step["text"] for step in told], [step["command"] for step in told if step["command"]]


def test_a_command_writes_the_best_mixture_as_large_as_text_allows(trained):
    _, (command,) = steps(trained)
    assert command == "corpusmill mix run --mixture natural --tokens 91000"
    tokens = collect(str(trained))["packing"]["sources"]["zh"]["train"]["tokens"]
    assert 91_000 <= 4 * tokens / 0.15 < 92_000


def test_a_hostile_name_is_quoted(plain_run):
    _, (command,) = steps(plain_run, ablation((HOSTILE_MIXTURE, "only_zh")), documents())
    assert shlex.split(command)[3:5] == ["--mixture", HOSTILE_MIXTURE]


def test_few_seeds_more_would_tell(plain_run):
    found = ablation(("natural", "gpt3", "only_zh"))
    found["verdict"]["resolved"] = False
    found["verdict"]["others"]["gpt3"].update(difference=0.008, resolved=False)
    found["verdict"]["others"]["gpt3"]["standard_error"] = 0.005  # of two seeds: a run's noise is as much
    texts, _ = steps(plain_run, found)
    assert texts[0].startswith(
        "Set “seeds: 7” or more tokens in the ablation: gpt3 is 0.0080 bits per byte behind natural"
    )


def test_too_many_seeds_are_no_advice(trained):
    texts, _ = steps(trained)
    assert texts[0].startswith("Treat gpt3 and natural as equal at this size")


def noisy(standard):
    """An ablation in which the runs of `only_zh` differ by so much, those of the others hardly."""
    found = ablation()
    for name, one in found["verdict"]["mixtures"].items():
        one["std"] = standard if name == "only_zh" else 0.01
    return found


def test_one_mixture_with_most_of_the_noise_is_named(plain_run):
    assert steps(plain_run, noisy(0.3))[0][0].startswith("Compare without only_zh: 99 %")
    assert not any("Compare without" in text for text in steps(plain_run, noisy(0.012))[0])
    found = noisy(0.3)
    found["verdict"]["noise"]["mixtures"].remove("only_zh")  # its noise is not that of the others
    assert not any("Compare without" in text for text in steps(plain_run, found)[0])


def test_one_seed_or_one_mixture_are_too_few(plain_run):
    assert steps(plain_run, ablation(("natural", "uniform"), (0,)))[0][0].startswith("Set “seeds: 2”")
    assert steps(plain_run, ablation(("natural",)))[0] == [
        "Name a second mixture in the ablation: there is nothing to compare."
    ]


def test_the_objective_repeats_short_budgets_and_little_validation_are_spoken_of(plain_run):
    found = ablation()
    found["runs"][-1].update(short_tokens=1234, capped=["zh"])
    told = "\n".join(steps(plain_run, found, documents())[0])
    assert "only_code on code; only_docs on docs; only_zh on zh" in told
    assert f"zh in {HOSTILE_MIXTURE} (6.1 times), zh in only_zh (10.1 times)" in told
    assert "only_zh 1,234" in told
    assert "Hold out text of code" in told
    assert "Hold out more of zh" in told


def test_tokens_alone_call_for_an_ablation(plain_run):
    texts, commands = steps(plain_run, None, documents())
    assert texts[-1].startswith("Compare mixtures")
    assert commands == []


def test_all_is_well(plain_run):
    texts = {"train": {"docs": ["text " * 9]}, "validation": {"docs": ["held out " * 400] * 25}}
    found = ablation(("natural", "only_zh"))
    for compared in found["verdict"]["sources"].values():
        compared["best"] = "natural"
    found["verdict"]["sources"] = {"docs": found["verdict"]["sources"]["docs"]}
    found["runs"] = [{**one, "served": {}} for one in found["runs"]]
    found["mixtures"]["natural"]["weights"] = {"docs": 1.0}
    told, commands = steps(plain_run, found, texts)
    assert len(told) == len(commands) == 1


@pytest.mark.parametrize("freedom", [1, 2, 3, 4, 6, 12, 30, 200])
@pytest.mark.parametrize("probability", [0.95, 0.975, 0.995])
def test_the_quantile_is_that_of_scipy(freedom, probability):
    assert _student(probability, freedom) == pytest.approx(stats.t.ppf(probability, freedom), rel=0.02)


@pytest.mark.parametrize("n_mixtures", [2, 3, 5, 8])
@pytest.mark.parametrize("ratio", [0.8, 1.2, 2.0, 4.0])
def test_seeds_are_about_as_many_as_by_the_studentized_range(n_mixtures, ratio):
    def tells(seeds):
        freedom = (n_mixtures - 1) * (seeds - 1)
        critical = stats.studentized_range.ppf(0.95, n_mixtures, freedom) / 2**0.5
        return critical * (2 / seeds) ** 0.5 < ratio

    found = seeds_needed(ratio, 1.0, n_mixtures, 0.95)
    assert found is None or tells(found)
    fewer = int((found or MOST_SEEDS) / 1.2) - 1
    assert fewer < 2 or not tells(fewer)


def test_no_difference_is_never_told():
    assert seeds_needed(0.0, 1.0, 3, 0.95) is None
    assert seeds_needed(1.0, 0.01, 3, 0.95, at_least=9) == 9


def test_pages_to_read_are_there():
    for page in READING:
        assert (Path(__file__).parents[2] / page).is_file(), page
