"""`make bench-pii`: how well and how fast the stage `pii` finds personal data, beside Presidio's analyzer.

Labelled documents are made up (see `labelled_personal`); speed is of real text beside the checkout. Presidio has no
model, so it finds neither persons nor addresses; each of its entities is shown at the least score that serves it best,
in the languages in which it has recognizers for what is labelled. By its definition addresses of e-mail at example.org
and private ones of IP are findings too, which here are decoys: compare recall rather than precision there. Seconds are
of CPU time.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .quality import MB, n_bytes

sys.path.insert(0, str(Path(__file__).parents[1]))

CORPORA = Path(__file__).parents[3] / "shared" / "corpora"
FILES = {"en": ("en/gov_blog_web", "en/web_and_news"), "zh": ("zh/tech_articles_lctt", "zh/wikipedia")}
PIECE_CHARS = {"en": 4000, "zh": 1400}
N_PIECES, N_THEIRS, REPEAT = 4000, 60, 40
"""Documents of about 4 KB for ours and for Presidio, which takes seconds for so few; ours gets these that many times in a
batch, so that what a batch costs besides its documents does not count."""
SEED, N_DOCUMENTS, N_SECOND, N_FEW = 8, 2400, 1200, 240
THIRD_SEED, N_THIRD = 9, 1200
LEGEND = """A finding is right if its entity is the label's and at least half of the characters of both are shared; covered is
the share of labelled characters in findings of the entity; a star is below the floor. Left: limits for which F1 and
what is covered have floors (persons and addresses from a score of 0.4), then the floors; right: the stage's own limits,
for which precision has a floor of {:.2f}.
{:16} labels      P      R     F1  covered  exact  false   floors          P      R     F1  covered  false"""


def web(language: str) -> list[str]:
    """Documents of about 4 KB of real text; of the standard library if the corpora are not there."""
    if not CORPORA.exists():
        whole = [path.read_text("utf-8", "replace") for path in sorted(Path(os.__file__).parent.glob("*.py"))]
    else:
        import zstandard

        whole = []
        for name in FILES[language]:
            with zstandard.open(CORPORA / f"{name}.jsonl.zst", "rt", encoding="utf-8") as file:
                whole += [json.loads(line)["text"] for line in file]
    size = PIECE_CHARS[language]
    pieces = [text[place : place + size] for text in whole for place in range(0, len(text), size)]
    return pieces[:: max(1, len(pieces) // N_PIECES)][:N_PIECES]


def best_of_theirs(documents: list, engine: Any) -> dict[str, tuple[float, Any]]:
    """Entity -> (least score, how well Presidio does with it in the languages compared), the one with the best F1."""
    from labelled_score import scored

    from .pii_presidio import MIN_SCORES, found

    hits = [found(engine, one.text, one.language) for one in documents]
    best: dict[str, tuple[float, Any]] = {}
    for least in MIN_SCORES:
        scores = scored(documents, [[label for score, label in one if score >= least] for one in hits])
        for entity, score in compared(scores).items():
            if entity not in best or score.f1 > best[entity][1].f1:
                best[entity] = (least, score)
    return best


def compared(scores: dict[tuple[str, str], Any]) -> dict[str, Any]:
    """Scores of the entities that are compared with Presidio, in the languages in which they are."""
    from labelled_score import by_entity

    from .pii_presidio import OURS, compares

    some = {key: score for key, score in scores.items() if compares(*key)}
    return by_entity(some, dict.fromkeys(OURS.values()))


def with_ours(documents: list, recognizers: Any) -> dict[str, Any]:
    """How well Presidio's analyzer does with our recognizers: entity -> score."""
    from labelled_score import LENIENT, by_entity, scored

    from stages.recognizers.rules import ENTITIES

    from .pii_presidio import analyzer, found

    engine = analyzer(recognizers)
    hits = [found(engine, one.text, one.language) for one in documents]
    kept = [[label for score, label in one if score >= LENIENT.get(label.entity, 0.5)] for one in hits]
    return by_entity(scored(documents, kept), ENTITIES)


def line(entity: str, score: Any, usual: Any) -> str:
    """A row of the table of ours."""
    from labelled_score import MIN_PRECISION, min_covered, min_f1

    def figure(value: float, floor: float = 0.0) -> str:
        return f"{value:.3f}{'*' if value < floor else ' '}"

    left = f"{entity:16} {score.n_labels:6,}  {figure(score.precision)} {figure(score.recall)} "
    left += f"{figure(score.f1, min_f1(entity))} {figure(score.covered, min_covered(entity))} "
    left += f"{score.n_exact / max(1, score.n_right):6.2f} {score.n_found - score.n_right:6,}"
    right = (
        f"{figure(usual.precision, MIN_PRECISION)} {figure(usual.recall)} {figure(usual.f1)} {figure(usual.covered)} "
    )
    right += f"{usual.n_found - usual.n_right:6,}"
    return f"{left}   {min_f1(entity):.2f} {min_covered(entity):.2f}   {right}"


def beside(ours: dict[str, Any], theirs: dict[str, tuple[float, Any]]) -> None:
    """Print ours beside Presidio's, both of the same labels."""
    print(
        "\nBeside Presidio, the same labels, our own limits. Passports: American and German ones, in English. Not compared:"
    )
    print(
        "persons and addresses, which it finds with models, and what it has no recognizer for (most plates, keys and so on)"
    )
    print(f"{'':16} labels   ours P      R     F1  covered   Presidio P      R     F1  covered  from score")
    for entity, (least, score) in theirs.items():
        one = ours[entity]
        print(
            f"{entity:16} {one.n_labels:6,}    {one.precision:.3f}  {one.recall:.3f}  {one.f1:.3f}    {one.covered:.3f}"
            f"        {score.precision:.3f}  {score.recall:.3f}  {score.f1:.3f}    {score.covered:.3f}  {least:10}"
        )


def table(documents: list, what: str) -> tuple[Any, list[str]]:
    """Print how well personal data in labelled documents is found, by entity and by language; gives scores with the
    stage's own limits, and entities below a floor."""
    from labelled_score import LENIENT, MIN_PRECISION, by_entity, of_stage, scored

    from stages.recognizers.rules import ENTITIES

    scores = scored(documents, of_stage(documents, min_scores=LENIENT))
    usual = scored(documents, of_stage(documents))
    size = n_bytes([one.text for one in documents]) / MB
    print(f"\n{what}: {len(documents):,} documents, {size:.1f} MB, {sum(len(one.spans) for one in documents):,} labels")
    print(LEGEND.format(MIN_PRECISION, ""))
    lenient, own = by_entity(scores, ENTITIES), by_entity(usual, ENTITIES)
    rows = [line(entity, lenient[entity], own[entity]) for entity in ENTITIES]
    print("\n".join(rows))
    print("F1 (and covered) by language, persons and addresses from a score of 0.4")
    for language in dict.fromkeys(one.language for one in documents):
        print(f"{language}: {f1_by_entity(by_entity(scores, ENTITIES, language))}")
    return usual, [row.split()[0] for row in rows if "*" in row]


def quality(recognizers: list[Any]) -> list[str]:
    """Print the tables, and ours beside Presidio's; gives entities below a floor in the first. recognizers: ours, for
    Presidio's analyzer."""
    from labelled_personal import labelled, labelled_second, labelled_third

    from .pii_presidio import analyzer

    documents = labelled(SEED, N_DOCUMENTS)
    usual, low = table(documents, "First set")
    table(labelled_second(SEED, N_SECOND), "Second set, by kinds of whose misses rules were mended")
    table(
        labelled_third(THIRD_SEED, N_THIRD), "Third set, where names stand in minutes, bylines, chats and the like too"
    )
    beside(compared(usual), best_of_theirs(documents, analyzer()))
    few = documents[:N_FEW]
    print(f"Presidio's analyzer with our recognizers, {N_FEW} documents: {f1_by_entity(with_ours(few, recognizers))}")
    return low


def f1_by_entity(scores: dict[str, Any]) -> str:
    return ", ".join(f"{entity} {one.f1:.3f} ({one.covered:.3f})" for entity, one in scores.items() if one.n_labels)


def cpu_seconds(function: Callable[[], object], times: int) -> float:
    """The least time of the process that a call takes: other work on the machine counts less."""
    best = float("inf")
    for _ in range(times):
        started = time.process_time()
        function()
        best = min(best, time.process_time() - started)
    return best


def our_rate(texts: list[str], **options: Any) -> float:
    """MB/s of the stage on documents in memory, once all is compiled and loaded."""
    from batches import documents as batch_of

    from pipeline.execute import run_stage
    from stages.pii import Pii

    stage, batch = Pii(**options), batch_of(texts)
    run_stage(stage, batch)
    return n_bytes(texts) / MB / cpu_seconds(lambda: run_stage(stage, batch), 3)


def their_rate(engine: Any, texts: list[str], language: str) -> float:
    """MB/s of Presidio's analyzer, run once after a first document."""
    from .pii_presidio import found

    found(engine, texts[0], language)
    return n_bytes(texts) / MB / cpu_seconds(lambda: [found(engine, one, language) for one in texts], 1)


def speed(language: str, engines: dict[str, Any]) -> None:
    """Print MB/s of the stage on real text, and of Presidio's analyzer on some of it."""
    from .pii_presidio import OURS

    texts = web(language)
    few = texts[:: max(1, len(texts) // N_THEIRS)][:N_THEIRS]
    print(f"\n{language}: {len(texts):,} documents, {n_bytes(texts) / MB:.1f} MB of web text, one core, warm")
    print(f"  stage pii, all entities: {our_rate(texts):.1f} MB/s")
    ours = our_rate(few * REPEAT, entities=tuple(sorted(set(OURS.values()))))
    print(f"  stage pii, Presidio's entities, the documents that Presidio gets: {ours:.1f} MB/s")
    for what, engine in engines.items():
        theirs = their_rate(engine, few, language)
        print(
            f"  Presidio's analyzer, {what}: {theirs:.3f} MB/s on {len(few)} documents; the stage {ours / theirs:.0f} times"
        )


def main() -> None:
    """Quality, then speed; ends with 1 if an entity is below its floor."""
    logging.getLogger("presidio-analyzer").setLevel(logging.ERROR)
    from stages.recognizers.presidio_recognizers import recognizers

    from .pii_presidio import LANGUAGES, analyzer

    ours = [one for spoken in LANGUAGES for one in recognizers(language=spoken)]
    low = quality(ours)
    engines = {"its own recognizers": analyzer(), "our recognizers": analyzer(ours)}
    for language in FILES:
        speed(language, engines)
    if low:
        raise SystemExit(f"below the floor: {', '.join(low)}")


if __name__ == "__main__":
    main()
