"""Dedup against indexes of earlier runs: a corpus drops what it would have dropped in one run with the earlier ones."""

from __future__ import annotations

import json
import random
from itertools import pairwise
from pathlib import Path

import harness
import pyarrow as pa
import pytest
from batches import documents
from benches import compared
from dedup_cases import clusters_in, outcome
from harness import write_jsonl

from pipeline.compare import RunComparison
from pipeline.display import story_lines
from pipeline.errors import InputError, OptionError
from pipeline.trace import story
from stages import dedup_pairs
from stages.dedup_document import DedupDocument
from stages.dedup_exact import DedupExact

HAN = [chr(code) for code in range(0x4E00, 0x4E00 + 2000)]
LATIN = ["".join(letters) for letters in zip(*[iter("abcdefghijklmnopqrstuvwxyz" * 40)] * 7, strict=False)]
SHARDINGS = [(), (3,), (1, 2, 9), (7, 7, 20)]
"""Rows at which a corpus is cut into shards."""


def text(drawn: random.Random) -> list[str]:
    """The words of a document, English or Chinese."""
    return drawn.choices(HAN if drawn.random() < 0.5 else LATIN, k=600)


def near(words: list[str], drawn: random.Random, changes: int) -> list[str]:
    words = list(words)
    for place in drawn.sample(range(len(words)), changes):
        words[place] = drawn.choice(HAN if words[0] in HAN else LATIN)
    return words


def corpora(seed: int, n: int = 3, size: int = 30) -> list[list[str]]:
    """Corpora of English and Chinese documents: some new, others exact and near copies of new ones of any before.

    All copies of a document are near each other, so that it does not matter which of them are compared.
    """
    drawn = random.Random(seed)
    new: list[list[str]] = []
    texts = []
    for _ in range(n * size):
        words = drawn.choice(new) if new and drawn.random() < 0.6 else None
        if words is None:
            new.append(words := text(drawn))
        elif drawn.random() < 0.6:
            words = near(words, drawn, drawn.randint(1, 2))
        texts.append(("" if words[0] in HAN else " ").join(words))
    return [texts[start : start + size] for start in range(0, len(texts), size)]


def sharded(texts: list[str], cuts=(), first=1, name="web", sources=None):
    """Shards of a corpus; first: the number of its first document, by which its uids differ from those of others."""
    ends = [0, *cuts, len(texts)]
    return {
        f"{name}-{number}": [documents(texts[a:b], [sources[a]] * (b - a) if sources else None, first_row=first + a)]
        for number, (a, b) in enumerate(pairwise(ends))
    }


def gone(dropped) -> dict[str, tuple[str, str]]:
    """uid -> reason and twin of all dropped documents."""
    table = pa.Table.from_batches(dropped)
    return {row["uid"]: (row["reason"], row["twin"]) for row in table.select(["uid", "reason", "twin"]).to_pylist()}


def run(stage, shards, folder, n_partitions=3):
    """What goes, the facts, and the path of the index, if there is one."""
    _, dropped, facts = compared(stage, shards, folder, n_partitions)
    return gone(dropped), facts, str(folder / "files" / "index.arrow")


STAGES = {
    "estimated": (DedupDocument, {"verify": "estimated", "cluster": "star"}),
    "exact": (DedupDocument, {"verify": "exact"}),
    "text": (DedupExact, {}),
    "words": (DedupExact, {"by": "words"}),
}


@pytest.mark.parametrize("kind", STAGES)
@pytest.mark.parametrize("cuts", SHARDINGS)
def test_a_corpus_drops_what_a_joint_run_would_have_dropped(tmp_path, kind, cuts):
    make, options = STAGES[kind]
    march, april, may = corpora(len(cuts))
    first = {"march": 1, "april": 1001, "may": 2001}
    paths = []
    dropped = {}
    for month, texts in (("march", march), ("april", april), ("may", may)):
        stage = make(**options, index=True, against=tuple(paths))
        dropped[month], facts, path = run(stage, sharded(texts, cuts, first[month]), tmp_path / month, 1 + len(cuts))
        known = [uid for uid, (reason, _) in dropped[month].items() if reason == "in_index"]
        assert (facts["index"] or {}).get("removed", 0) == len(known)
        paths.append(path)
    joint = {}
    for month, texts in (("march", march), ("april", april), ("may", may)):
        joint |= sharded(texts, cuts, first[month], month)
    together, _, _ = run(make(**options), joint, tmp_path / "joint")
    alone = dropped["march"] | dropped["april"] | dropped["may"]
    assert {uid: twin for uid, (_, twin) in alone.items()} == {uid: twin for uid, (_, twin) in together.items()}
    for month in ("april", "may"):
        reasons = [reason for reason, twin in dropped[month].values() if int(twin, 16) < first[month]]
        assert set(reasons) == {"in_index"}
        assert len(reasons) > 1


def test_copies_of_what_is_known_share_the_document_that_an_earlier_run_kept(tmp_path):
    drawn = random.Random(5)
    words = text(drawn)
    first = [" ".join(words), " ".join(text(drawn))]
    _, _, path = run(DedupDocument(index=True), sharded(first), tmp_path / "a")
    later = [" ".join(near(words, drawn, 1)), " ".join(text(drawn)), " ".join(near(words, drawn, 2))]
    found, facts, _ = run(DedupDocument(against=(path,)), sharded(later, (1,), 100), tmp_path / "b")
    assert found == {f"{100:032x}": ("in_index", f"{1:032x}"), f"{102:032x}": ("in_index", f"{1:032x}")}
    assert facts["index"] == {"documents": 2, "removed": 2, "same_uid": 0, "files": 1}
    assert facts["sources"] == ["web", "(index)"] and facts["matrix"] == [[0, 0], [2, 0]]


def test_documents_of_an_index_are_not_compared_with_each_other_and_all_stay(tmp_path):
    drawn = random.Random(6)
    words = text(drawn)
    paths = []
    for number in range(2):  # neither run knew of the other
        texts = [" ".join(near(words, drawn, number))]
        paths.append(run(DedupDocument(index=True), sharded(texts, (), 1 + number), tmp_path / f"{number}")[2])
    stage = DedupDocument(against=tuple(paths), index=True)
    found, facts, path = run(stage, sharded([" ".join(words), " ".join(text(drawn))], (), 100), tmp_path / "b")
    assert found == {f"{100:032x}": ("in_index", f"{1:032x}")}
    assert facts["index"] == {"documents": 2, "removed": 1, "same_uid": 0, "files": 2}
    assert pa.ipc.open_file(path).read_all()["uid"].to_pylist() == [f"{101:032x}"]


@pytest.mark.parametrize("keep", ["first", "longest"])
@pytest.mark.parametrize("verify", ["estimated", "exact", "none"])
def test_what_is_in_an_index_comes_first_whatever_decides_otherwise(tmp_path, keep, verify):
    drawn = random.Random(7)
    words = text(drawn)
    options = {"keep": keep, "verify": verify}
    _, _, path = run(DedupDocument(**options, index=True), sharded([" ".join(words)]), tmp_path / "a")
    later = [" ".join(near(words, drawn, 1)) + " !" * 50, " ".join(words) + " !" * 100]
    found, _, _ = run(DedupDocument(**options, against=(path,)), sharded(later, (1,), 100), tmp_path / "b")
    assert found == {f"{row:032x}": ("in_index", f"{1:032x}") for row in (100, 101)}


def test_documents_of_one_source_are_compared_with_an_index_even_if_not_with_each_other(tmp_path):
    drawn = random.Random(8)
    known, new = text(drawn), text(drawn)
    _, _, path = run(DedupDocument(index=True), sharded([" ".join(known)]), tmp_path / "a")
    later = [" ".join(words) for words in (known, new, new, known)]
    stage = DedupDocument(within="between_sources", against=(path,))
    found, _, _ = run(stage, sharded(later, (), 100), tmp_path / "b")
    assert found == {f"{row:032x}": ("in_index", f"{1:032x}") for row in (100, 103)}


@pytest.mark.parametrize(("short", "n"), [("exact", 3), ("keep", 1), ("drop", 1)])
def test_what_is_not_compared_is_in_no_index(tmp_path, short, n):
    texts = ["", "Good morning.", "早上好。", " ".join(text(random.Random(9))), "!!"]
    _, _, path = run(DedupDocument(short=short, index=True), sharded(texts), tmp_path / "a")
    assert pa.ipc.open_file(path).read_all().num_rows == n
    found, facts, _ = run(DedupDocument(short=short, against=(path,)), sharded(texts, (2,), 100), tmp_path / "b")
    reasons = [reason for reason, _ in found.values()]
    assert reasons.count("in_index") == n == facts["index"]["removed"]
    assert reasons.count("too_short_to_compare") == (2 if short == "drop" else 0)


def test_nothing_new_and_nothing_known(tmp_path):
    texts = corpora(1)[0]
    _, _, path = run(DedupDocument(index=True), {"web-0": [documents([])]}, tmp_path / "a")
    found, facts, _ = run(DedupDocument(against=(path,)), sharded(texts), tmp_path / "b")
    assert found == run(DedupDocument(), sharded(texts), tmp_path / "c")[0]
    assert facts["index"] == {"documents": 0, "removed": 0, "same_uid": 0, "files": 1}
    _, _, path = run(DedupDocument(index=True), sharded(texts), tmp_path / "d")
    found, facts, _ = run(DedupDocument(against=(path,), index=True), {"web-0": [documents([])]}, tmp_path / "e")
    assert found == {}
    assert facts["index"]["removed"] == 0 < facts["index"]["documents"]


def test_an_index_of_a_field(tmp_path):
    def batch(first, urls):
        rows = documents(["text"] * len(urls), first_row=first)
        meta = pa.array([f'{{"url": "{url}"}}' if url else "{}" for url in urls], pa.string())
        place = rows.schema.get_field_index("meta")
        return rows.set_column(place, rows.schema.field("meta"), meta.cast(rows.schema.field("meta").type))

    _, _, path = run(DedupExact(by="meta:url", index=True), {"a": [batch(1, ["a/文", "b", ""])]}, tmp_path / "a")
    stage = DedupExact(by="meta:url", against=(path,))
    found, _, _ = run(stage, {"a": [batch(100, ["c", "a/文", ""])]}, tmp_path / "b")
    assert found == {f"{101:032x}": ("in_index", f"{1:032x}")}


def test_an_index_decides_about_a_stage_and_must_fit_it(tmp_path):
    _, _, path = run(DedupDocument(index=True), sharded(corpora(1)[0]), tmp_path / "a")
    other = run(DedupDocument(index=True), sharded(corpora(2)[0]), tmp_path / "b")[2]
    identities = [DedupDocument(against=against).identity() for against in ((), (path,), (other,), (path, other))]
    assert len({tuple(identity.items()) for identity in identities}) == 4
    with pytest.raises(OptionError, match=r"with seed 0, and this stage has seed 3: they cannot be compared"):
        DedupDocument(against=(path,), seed=3).identity()
    with pytest.raises(OptionError, match="n_minima 112, and this stage has n_minima 128"):
        DedupDocument(against=(path,), n_minima=128).identity()
    with pytest.raises(OptionError, match="level document, by None, and this stage has level exact, by text"):
        DedupExact(against=(path,)).identity()
    with pytest.raises(InputError, match=r"there is no index .*nowhere\.arrow"):
        DedupDocument(against=(str(tmp_path / "nowhere.arrow"),)).identity()


def test_bands_and_the_threshold_may_be_others_than_those_of_an_index(tmp_path):
    texts = corpora(3)[0]
    _, _, path = run(DedupDocument(index=True), sharded(texts), tmp_path / "a")
    stage = DedupDocument(against=(path,), threshold=0.6, bands=28, rows=4, verify="estimated")
    found, _, _ = run(stage, sharded(texts, (), 100), tmp_path / "b")
    assert len(found) == len(texts)


def test_partitions_of_pairs_that_are_fewer_than_those_of_keys_change_nothing(tmp_path, monkeypatch):
    texts = corpora(4)[0]
    expected = run(DedupDocument(index=True), sharded(texts), tmp_path / "a", 1)
    monkeypatch.setattr(dedup_pairs, "FEW", 2)
    monkeypatch.setattr(dedup_pairs, "FEWER", 3)
    found = run(DedupDocument(index=True), sharded(texts, (3, 20)), tmp_path / "b", 11)
    assert found[:2] == expected[:2]


def test_runs_hand_their_indexes_on(tmp_path):
    paths: list[str] = []
    for month, seed in (("march", 1), ("april", 1), ("may", 2)):
        (tmp_path / month).mkdir()
        write_jsonl(tmp_path / month / f"{month}.jsonl", 60, seed)
        options = f"{{index: true, against: [{', '.join(paths)}]}}"
        recipe = f"sources: {{web: {{reader: jsonl, paths: [{month}.jsonl]}}}}\nstages: [dedup_document: {options}]\n"
        harness.run(tmp_path / month, recipe, out="run")
        paths.append(str(tmp_path / month / "run" / "out" / "dedup_document.index.arrow"))
    known = [harness.rows(tmp_path / month / "run") for month in ("march", "april", "may")]
    assert known[0] and not known[1] and known[2]
    assert {row["reason"] for row in harness.rows(tmp_path / "april" / "run", "dropped")} == {"in_index"}
    indexes = [pa.ipc.open_file(path).read_all()["uid"].to_pylist() for path in paths]
    assert indexes == [[row["uid"] for row in rows] for rows in known]


@pytest.mark.parametrize("joint", [" ", ""])
@pytest.mark.parametrize("verify", ["exact", "estimated"])
def test_a_chain_between_two_documents_of_an_index_has_true_neighbours(tmp_path, joint, verify):
    """X and Z are similar to one of the index each, and Y only to them: it goes for the first of the index."""
    options = {
        "threshold": 0.5, "n_minima": 1024, "bands": 512, "rows": 2, "shingle_words": 1, "shingle_chars": 1,
        "verify": verify,
    }  # fmt: skip
    words = [one + other for one in LATIN[:26] for other in LATIN[:26]] if joint else HAN

    def of(*spans):
        return joint.join(unit for start, stop in spans for unit in words[start:stop])

    known = [of((0, 200)), of((150, 350))]
    new = [of((50, 250)), of((100, 300)), of((125, 275), (400, 430))]
    _, _, path = run(DedupDocument(index=True, **options), sharded(known), tmp_path / "a")
    stage = DedupDocument(against=(path,), **options)
    shards = sharded(new, (1,), 100)
    first = outcome(stage, shards)
    twins = {uid[-2:]: (row["twin"][-2:], row["dedup_document_neighbour"][-2:]) for uid, row in first.rows.items()}
    assert twins == {"64": ("01", "01"), "65": ("02", "02"), "66": ("01", "65")}
    assert first.facts["far"] == 1 and first.facts["clusters"]["n"] == 2
    assert [cluster["members"][-1][-2:] for cluster in clusters_in(first.table)] == ["01", "02"]
    for n_partitions in (2, 3, 4, 5):
        found = outcome(stage, shards, n_partitions)
        assert (found.rows, found.facts, found.table) == (first.rows, first.facts, first.table)


@pytest.mark.parametrize("seed", range(8))
def test_partitions_change_nothing_where_an_index_connects_much(tmp_path, seed):
    drawn = random.Random(seed)

    def made(n):
        return [" ".join(sorted(set(drawn.choices("abcdefghijklmnop", k=drawn.randrange(2, 9))))) for _ in range(n)]

    options = {"threshold": 0.5, "shingle_words": 1, "n_minima": 64, "bands": 64, "rows": 1}
    _, _, path = run(DedupDocument(index=True, cluster="star", **options), sharded(made(15)), tmp_path / "a")
    stage = DedupDocument(against=(path,), index=True, **options)
    shards = sharded(made(30), (7, 20), 100)
    first, second = (outcome(stage, shards, n) for n in (1, 4))
    assert first.facts["far"] > 0
    assert (second.rows, second.facts, second.table) == (first.rows, first.facts, first.table)
    assert not any(row["dedup_document_neighbour"] == uid for uid, row in first.rows.items())


@pytest.mark.parametrize("stage", ["dedup_exact", "dedup_document"])
def test_a_run_killed_once_its_index_is_written_goes_on(tmp_path, monkeypatch, stage):
    write_jsonl(tmp_path / "a.jsonl", 40, 1)
    recipe = f"sources: {{web: {{reader: jsonl, paths: [a.jsonl]}}}}\nstages: [{{{stage}: {{index: true}}}}]\n"

    def killed(self):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(RunComparison, "check", killed)
        with pytest.raises(KeyboardInterrupt):
            harness.run(tmp_path, recipe, out="killed")
    harness.run(tmp_path, recipe, out="killed")
    harness.run(tmp_path, recipe, out="whole")
    assert harness.published(tmp_path / "killed") == harness.published(tmp_path / "whole")
    assert not list(tmp_path.rglob("*.rounds"))


@pytest.mark.parametrize("stage", ["dedup_exact", "dedup_document"])
def test_a_document_that_goes_for_itself_is_told_of(tmp_path, stage):
    """The same files once more, with one that is new."""
    rows = [{"text": f"a text of {word} that is long enough 好文章{word}"} for word in ("one", "two", "three")]
    sources = "sources: {web: {reader: jsonl, paths: ['*.jsonl']}}\nstages:\n"
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, rows[:2])))
    harness.run(tmp_path, f"{sources}  - {stage}: {{index: true}}\n", out="march")
    (tmp_path / "b.jsonl").write_text("\n".join(map(json.dumps, rows[1:])))
    path = tmp_path / "march" / "out" / f"{stage}.index.arrow"
    harness.run(tmp_path, f"{sources}  - {stage}: {{against: [{path}]}}\n", out="april")
    gone = harness.rows(tmp_path / "april", "dropped")
    assert [row["twin"] == row["uid"] for row in gone] == [True, True, False]
    facts = json.loads((tmp_path / "april" / "out" / f"{stage}.json").read_text())
    assert facts["index"] == {"documents": 2, "removed": 3, "same_uid": 2, "files": 1}
    ledger = json.loads((tmp_path / "april" / "out" / "ledger.json").read_text())
    assert '"same_uid_in_index": 2' in json.dumps(ledger)
    for row in gone:
        told = story(str(tmp_path / "april"), row["uid"])
        assert told["drop"]["reason"] == "in_index" and told["twin_origin"] == ""
        assert f"  kept instead: {row['twin']} (in an earlier run)" in list(story_lines(told))


@pytest.mark.parametrize("kind", ["estimated", "text"])
def test_damage_is_told_with_its_stage(tmp_path, kind):
    make, options = STAGES[kind]
    _, _, path = run(make(**options, index=True), sharded(corpora(1)[0]), tmp_path / "a")
    content = bytearray(Path(path).read_bytes())
    content[len(content) // 2] ^= 1
    Path(path).write_bytes(content)
    stage = make(**options, against=(path,))
    with pytest.raises(InputError, match=f"{make.name} option 'against': .*index.arrow.* damaged"):
        run(stage, sharded(corpora(2)[0], (), 100), tmp_path / "b")
