"""What a variant of a corpus may leave out is known before anything is read."""

from __future__ import annotations

import pytest
from harness import plan
from whole import RECIPE, write_sources

from pipeline.cli import main
from pipeline.errors import PlanError
from pipeline.stage import load_stages
from pipeline.variants import check_variants

JUDGED = RECIPE.replace(
    "  - dedup_exact\n",
    "  - dedup_exact\n  - language: {min_score: 0}\n  - classifier_model: {positives: [chinese]}\n"
    "  - classifier: {unjudged: [chinese]}\n",
).replace("[natural, mostly_chinese]\n", "[natural]\n  variants: {less: {without: WITHOUT}}\n")


@pytest.fixture
def folder(tmp_path):
    load_stages()
    write_sources(tmp_path)
    return tmp_path


def test_a_stage_whose_columns_others_need_may_not_be_left_out(folder, capsys):
    recipe = JUDGED.replace("WITHOUT", "[language]")
    message = (
        r"the variant 'less' leaves out language: .*recipe\.yaml:\d+: classifier needs the column 'language_label'"
    )
    with pytest.raises(PlanError, match=message):
        check_variants(plan(folder, recipe))
    (folder / "recipe.yaml").write_text(recipe)
    assert main(["plan", str(folder / "recipe.yaml")]) == 2
    assert "classifier needs the column 'language_label'" in capsys.readouterr().err


@pytest.mark.parametrize("without", ["[classifier]", "[language, classifier]", "[dedup_exact]"])
def test_a_fit_needs_nothing_in_a_variant_for_its_file_is_there(folder, without):
    check_variants(plan(folder, JUDGED.replace("WITHOUT", without)))
