"""The page: one file of HTML without scripts, that loads nothing. All text is escaped by the template engine."""

from __future__ import annotations

from functools import cache
from typing import Any

import jinja2
from markupsafe import Markup, escape

from . import (
    ablation_figures,
    classifiers,
    contamination,
    dedup,
    dedup_advice,
    dedup_figures,
    figures,
    judge_figures,
    languages,
    packing,
    packing_figures,
    perplexity,
    perplexity_figures,
    pii,
    rule_figures,
    rules,
    text,
    tokenizer_figures,
    tokenizers,
    units,
)
from .advice import READING
from .text import number, share, size, visible
from .training import MAX_EPOCHS, apart, remarks

STYLES = (
    "style.css",
    "training.css",
    "rules.css",
    "judges.css",
    "perplexity.css",
    "dedup.css",
    "pii.css",
    "packing.css",
    "tokenizers.css",
)


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("pipeline.report", "."),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    environment.filters.update(number=number, size=size)
    environment.globals.update(
        share=share, units=units, max_epochs=MAX_EPOCHS, reading=READING, apart=apart, remarks=remarks
    )
    environment.globals.update(figures=figures, ablation_figures=ablation_figures, rule_figures=rule_figures)
    environment.globals.update(judge_figures=judge_figures, classifiers=classifiers, languages=languages)
    environment.globals.update(perplexity=perplexity, perplexity_figures=perplexity_figures)
    environment.globals.update(dedup=dedup, dedup_advice=dedup_advice, dedup_figures=dedup_figures)
    environment.globals.update(packing=packing, packing_figures=packing_figures)
    environment.globals.update(contamination=contamination, pii=pii)
    environment.globals.update(tokenizers=tokenizers, tokenizer_figures=tokenizer_figures)
    environment.globals.update(rules=rules, text=text, n_warnings=rules.N_WARNINGS)
    return environment


def _shown(value: Any) -> Any:
    """What a template writes: control characters made visible, then escaped unless it is markup of our own."""
    return value if isinstance(value, Markup) else escape(visible(value))


def render_html(data: dict[str, Any]) -> str:
    """The page for what `collect` returned."""
    sources = list(data["sources"])
    weights = data["stages"][0]["sources"] if data["stages"] else {}
    colours = figures.grouped(sources, {source: count["bytes_out"] for source, count in weights.items()})
    environment = _environment()
    loader = environment.loader
    assert loader is not None
    style = Markup("".join(loader.get_source(environment, name)[0] for name in STYLES))
    return environment.get_template("page.html.j2").render(data=data, colours=colours, style=style)
