"""Document dedup beside datatrove and datasketch: one process, one core, CPU time, the same documents.

Signatures are measured in memory. The whole dedup goes from stored documents to stored survivors on either side:
datatrove's four steps read JSONL, write signatures, duplicates and removals, read JSONL again and write it; ours reads
a shard, writes keys and whatever the rounds of `dedup_document` spill, reads the shard again and writes kept and dropped.

Why the two find other pairs:
    hash luck            both find a pair of the similarity s with the probability 1 - (1 - s^8)^14, each by its own hashes
    what a shingle is    datatrove takes words of spaCy (`don't` is two), folds accents, and calls months and weekdays the
                         same; so its s is another; it has no shingle for a text of fewer than five words
    verification         ours has exact similarities by default and then takes no pair below the threshold; it is
                         switched off where pairs are compared, and measured beside that
Of planted near copies the expected number that only one finds is known: the sum of p (1 - q), for the probabilities p
and q of each by its own s. What is printed beside it is what was found.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from .quality import MB, n_bytes

N_THEIRS = 200
"""Documents for which the peers make signatures."""
N_REAL, N_COPIES = 1600, 400
"""Documents that are deduplicated as a whole: datatrove takes about 20 seconds."""
BANDS, ROWS = 14, 8


def cpu_seconds(function: Callable[[], object], times: int = 1) -> float:
    """The least CPU time of this process for a call."""
    found = []
    for _ in range(times):
        started = time.process_time()
        function()
        found.append(time.process_time() - started)
    return min(found)


def datatrove_config() -> Any:
    """The default, but for the hash: its xxhash takes no text with the installed version of that library."""
    from datatrove.pipeline.dedup.minhash import MinhashConfig
    from datatrove.utils.hashing import HashConfig

    return MinhashConfig(n_grams=5, num_buckets=BANDS, hashes_per_bucket=ROWS, hash_config=HashConfig(hash_fc="sha1"))


def signatures(language: str, texts: list[str]) -> None:
    """Print MB/s from text to 112 minima, and to the keys of all bands, and the ratios to peers."""
    from batches import documents
    from datasketch import MinHash
    from datatrove.pipeline.dedup.minhash import MinhashDedupSignature

    from pipeline.batch import Batch
    from stages.dedup_document import DedupDocument
    from stages.kernels import minhash

    stage = DedupDocument()
    batch = Batch(documents(texts), stage, stage.name)
    few, signature = texts[:N_THEIRS], MinhashDedupSignature("memory://bench", datatrove_config())

    def signed() -> None:
        for text in few:
            shingles = signature.get_shingles(text)
            if len(shingles):  # it splits at white space, so that some Chinese documents have none
                signature.get_signature(shingles)

    def sketched() -> None:
        for text in few:
            words = text.lower().split()
            MinHash(112).update_batch([" ".join(words[i : i + 5]).encode() for i in range(max(1, len(words) - 4))])

    def rate(function: Callable[[], object], given: list[str], times: int) -> float:
        return n_bytes(given) / MB / cpu_seconds(function, times)

    as_datasketch = DedupDocument(signature="datasketch")
    ours = {
        "text to 112 minima": lambda: minhash.signatures(*batch.utf8(), 112, 5, 8, 0),
        "the stage's sketch": lambda: stage.sketch(batch),
        "sketch, signature: datasketch": lambda: as_datasketch.sketch(batch),
    }
    signature.get_shingles(few[0])
    theirs = {"datatrove's": rate(signed, few, 1), "datasketch's (of words at white space)": rate(sketched, few, 1)}
    for what, function in ours.items():
        function()
        speed = rate(function, texts, 5)
        ratios = ", ".join(f"{speed / given:.0f} times {name}" for name, given in theirs.items())
        print(f"  {language}, {what}: {speed:.1f} MB/s, {ratios}")
    _, n_words, sizes = minhash.signatures(*Batch(documents(few), stage, stage.name).utf8(), 1, 5, 8, 0)
    n_ours = int(np.maximum(n_words - sizes + 1, n_words > 0).sum())
    n_theirs = sum(len(signature.get_shingles(text)) for text in few)
    print(f"  {language}, " + ", ".join(f"{name} {speed:.2f} MB/s" for name, speed in theirs.items()))
    print(f"  {language}, shingles of the peers' {len(few)} documents: {n_ours:,} ours, {n_theirs:,} datatrove's")


@contextlib.contextmanager
def silent() -> Iterator[None]:
    """Without datatrove's log and progress bars."""
    from loguru import logger

    logger.disable("datatrove")
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stderr(nowhere):
        yield


def datatrove_dedup(folder: Path) -> None:
    """datatrove's four steps over `in.jsonl`, one after the other in this process."""
    from datatrove.data import Document
    from datatrove.pipeline.dedup import minhash

    def read() -> Iterator[Document]:
        """As its own reader, which needs another JSON library."""
        with open(folder / "in.jsonl", encoding="utf-8") as file:
            for row in map(json.loads, file):
                yield Document(**row)

    config, signed, buckets, removed = datatrove_config(), *(str(folder / name) for name in ("sigs", "dups", "remove"))
    minhash.MinhashDedupSignature(signed, config).run(read())
    for rank in range(BANDS):
        minhash.MinhashDedupBuckets(signed, buckets, config=config).run(None, rank, BANDS)
    minhash.MinhashDedupCluster(buckets, removed, config, save_cluster_id=True).run()
    with open(folder / "out.jsonl", "w", encoding="utf-8") as file:
        for document in minhash.MinhashDedupFilter(removed).run(read()):
            file.write(json.dumps({"text": document.text, "id": document.id}, ensure_ascii=False) + "\n")


def datasketch_pairs(texts: list[str]) -> list[tuple[int, int]]:
    """(document, an earlier one that shares a band) by datasketch's LSH in memory; no clusters, nothing stored."""
    from datasketch import MinHash, MinHashLSH

    index, found = MinHashLSH(num_perm=BANDS * ROWS, params=(BANDS, ROWS)), []
    for number, text in enumerate(texts):
        words = text.lower().split()
        one = MinHash(BANDS * ROWS)
        one.update_batch([" ".join(words[i : i + 5]).encode() for i in range(max(1, len(words) - 4))])
        found += [(other, number) for other in index.query(one)]
        index.insert(number, one)
    return found


def datatrove_clusters(folder: Path) -> list[list[int]]:
    """Documents of each cluster, by their numbers."""
    members = defaultdict(list)
    pairs = (folder / "remove" / "000000.clusters").read_bytes()
    for place in range(0, len(pairs), 8):
        members[pairs[place + 4 : place + 8]].append(int.from_bytes(pairs[place : place + 4], "little"))
    return list(members.values())


def our_dedup(folder: Path, verify: str) -> dict[str, Any]:
    """The stage from the shard to survivors and dropped rows; returns the facts."""
    from benches import ToyComparison

    from pipeline.execute import run_stage
    from pipeline.shards import ShardWriter, read_shard
    from pipeline.verdicts import verdicts_in
    from stages.dedup_document import DedupDocument

    stage, shard = DedupDocument(verify=verify), str(folder / "shard.arrow")
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        bench = ToyComparison(stage, {"shard": list(read_shard(shard))}, Path(scratch))
        facts = stage.compare(bench)
        writers: list[ShardWriter] = []
        first = 0
        for batch in read_shard(shard):
            out = run_stage(stage, batch, verdicts=verdicts_in(bench.found["shard"], first, batch.num_rows))
            writers = writers or [
                ShardWriter(str(folder / f"{name}-{verify}.arrow"), rows.schema)
                for name, rows in (("kept", out.kept), ("dropped", out.dropped))
            ]
            for writer, rows in zip(writers, (out.kept, out.dropped), strict=True):
                writer.write(rows)
            first += batch.num_rows
        for writer in writers:
            writer.close()
    return facts


def our_clusters(folder: Path, verify: str) -> list[list[int]]:
    """Documents of each cluster, the kept one first, by their numbers."""
    from pipeline.shards import read_table

    members = defaultdict(list)
    rows = read_table(str(folder / f"dropped-{verify}.arrow"))
    for uid, twin in zip(rows["uid"].to_pylist(), rows["twin"].to_pylist(), strict=True):
        members[int(twin, 16)].append(int(uid, 16))
    return [[kept, *others] for kept, others in members.items()]


def store(folder: Path, texts: list[str]) -> None:
    """The documents as each side reads them."""
    from batches import documents

    from pipeline.shards import ShardWriter

    with open(folder / "in.jsonl", "w", encoding="utf-8") as file:
        for number, text in enumerate(texts):
            file.write(json.dumps({"text": text, "id": str(number)}, ensure_ascii=False) + "\n")
    batch = documents(texts)
    writer = ShardWriter(str(folder / "shard.arrow"), batch.schema)
    writer.write(batch)
    writer.close()


def luck(texts: list[str], planted: list[tuple[int, int]], ours: set, theirs: set) -> None:
    """Print how many planted pairs, without those that a third document may join, only one side found, and how many
    were to be expected."""
    from datatrove.pipeline.dedup.minhash import MinhashDedupSignature
    from near_copies import similar_pairs

    from stages.banding import curve

    signature, exact = MinhashDedupSignature("memory://bench", datatrove_config()), similar_pairs(texts, 0)
    chances: dict[str, list[float]] = {"only ours": [], "only datatrove's": []}
    met = Counter(number for pair, similarity in exact.items() if similarity >= 0.3 for number in pair)
    planted = [pair for pair in planted if met[pair[0]] <= 1 and met[pair[1]] <= 1]
    for one, other in planted:
        sets = [set(signature.get_shingles(texts[number]).ravel().tolist()) for number in (one, other)]
        p = curve(exact.get((one, other), 0.0), BANDS, ROWS)
        q = curve(len(sets[0] & sets[1]) / max(1, len(sets[0] | sets[1])), BANDS, ROWS)
        chances["only ours"].append(p * (1 - q))
        chances["only datatrove's"].append(q * (1 - p))
    for what, one, other in (("only ours", ours, theirs), ("only datatrove's", theirs, ours)):
        n = sum(pair in one and pair not in other for pair in planted)
        spread = math.sqrt(sum(chance * (1 - chance) for chance in chances[what]))
        print(
            f"    of {len(planted)} planted pairs found, {what}: {n}; by hash luck {sum(chances[what]):.0f} +- {spread:.0f}"
        )


def whole(texts: list[str]) -> None:
    """Print the time of the whole dedup on either side, and how the pairs of the clusters compare."""
    from datatrove.pipeline.dedup.minhash import MinhashDedupSignature
    from near_copies import near_copies, pairs_within, similar_pairs

    real = texts[:: max(1, len(texts) // N_REAL)][:N_REAL]
    copies = near_copies(real, N_COPIES, 1, 0.05)
    given = real + [text for _, text in copies]
    with tempfile.TemporaryDirectory() as name, silent():
        folder = Path(name)
        store(folder, given)
        warm_up = MinhashDedupSignature(str(folder / "unused"), datatrove_config())
        warm_up.get_shingles(given[0])
        their_seconds = cpu_seconds(lambda: datatrove_dedup(folder))
        lsh_seconds = cpu_seconds(lambda: datasketch_pairs(given))
        theirs = pairs_within(datatrove_clusters(folder))
        our_seconds, ours = {}, {}
        for verify in ("none", "exact"):
            our_dedup(folder, verify)
            our_seconds[verify] = cpu_seconds(lambda verify=verify: our_dedup(folder, verify), 3)
            ours[verify] = pairs_within(our_clusters(folder, verify))
    size = n_bytes(given) / MB
    print(f"  {len(given):,} documents, {size:.1f} MB, {len(copies)} of them near copies, from storage to storage")
    print(
        f"  datatrove, four steps: {size / their_seconds:.2f} MB/s; datasketch, MinHash and LSH in memory: {size / lsh_seconds:.2f} MB/s"
    )
    for verify, seconds in our_seconds.items():
        ratios = f"{their_seconds / seconds:.0f} times datatrove's, {lsh_seconds / seconds:.0f} times datasketch's"
        print(f"  dedup_document, verify {verify}: {size / seconds:.1f} MB/s, {ratios}")
    both, truth = len(ours["none"] & theirs), similar_pairs(given, 0.8)
    print(
        f"  pairs within clusters: {len(ours['none'])} ours, {len(theirs)} datatrove's, {both} of both: "
        f"{both / len(theirs):.1%} of theirs are ours, {both / len(ours['none']):.1%} of ours are theirs"
    )
    planted = [(number, len(real) + place) for place, (number, _) in enumerate(copies)]
    luck(given, planted, ours["none"], theirs)
    print("  pairs within clusters of similarity 0.8 and more, and below")
    for what, found in (("ours, verify none", ours["none"]), ("ours, exact", ours["exact"]), ("datatrove's", theirs)):
        above = sum(pair in truth for pair in found)
        print(f"    {what}: {above} of {len(truth)}, and {len(found) - above}")


def main(found: dict[str, list[str]]) -> None:
    for language, texts in found.items():
        if texts:
            signatures(language, texts[:8000])
    whole(found["en"])
