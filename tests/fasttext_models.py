"""Small classifiers that the library `fasttext` trains, of every kind that its files can hold."""

from __future__ import annotations

import functools
import itertools
import tempfile
from pathlib import Path

import fasttext

EN = "the cat sat on the mat and looked at the bird in the tree before it went home to sleep"
DE = "die Katze sitzt auf der Matte und sieht den Vogel im Baum bevor sie nach Hause geht und schläft"
ZH = "猫坐在垫子上看着树上的鸟然后回家睡觉今天天气很好我们一起去公园散步"
JA = "猫はマットの上に座って木の鳥を見ていましたそれから家に帰って眠りました"
TEXTS = {"en": EN.split(), "de": DE.split(), "zh": list(ZH), "ja": list(JA)}
THREADS = 11
"""fastText fills its matrix in tenths, one a thread and the rest by the eleventh; with fewer threads training
begins in memory that holds anything, and may end in NaN."""

KINDS: dict[str, dict] = {
    "tree": {"loss": "hs", "minn": 2, "maxn": 4},
    "softmax": {"loss": "softmax", "minn": 1, "maxn": 3, "wordNgrams": 2},
    "negative": {"loss": "ns", "minn": 3, "maxn": 3},
    "one_vs_all": {"loss": "ova", "wordNgrams": 3},
    "words": {"loss": "softmax", "bucket": 0},
    "many": {"loss": "softmax", "minn": 1, "maxn": 2, "epoch": 5},
}
"""`many` has 260 labels: the output matrix is compressed only if it has 256 rows."""
COMPRESSIONS: dict[str, dict] = {
    "": {},
    "quantized": {},
    "norms": {"qnorm": True},
    "cut": {"cutoff": 300},
}
CASES = [
    *KINDS,
    *(f"{kind}-{name}" for kind, name in itertools.product(("tree", "softmax"), COMPRESSIONS) if name),
    "many-output",
]


def lines(is_many: bool) -> str:
    """What they are trained on."""
    if is_many:
        return "".join(f"__label__n{n} the {n} cats 猫{n} {n} 鸟\n" for n in range(260) for _ in range(3))
    found = []
    for label, words in TEXTS.items():
        between = "" if label in ("zh", "ja") else " "
        found += [
            f"__label__{label} {between.join(words[start : start + n])}\n"
            for start in range(len(words) - 5)
            for n in (3, 5, 6)
        ]
    return "".join(found)


@functools.cache
def folder() -> Path:
    """Where they lie while the tests run."""
    made = Path(tempfile.mkdtemp(prefix="fasttext-models-"))
    for kind in KINDS:
        (made / f"{kind}.txt").write_text(lines(kind == "many"), encoding="utf-8")
    return made


@functools.cache
def path(case: str) -> str:
    """The path of a model of one of CASES."""
    kind, _, compression = case.partition("-")
    text, target = str(folder() / f"{kind}.txt"), str(folder() / f"{case}.{'ftz' if compression else 'bin'}")
    options = {"dim": 8, "bucket": 2000, "epoch": 60, "lr": 1.0, "thread": THREADS, "verbose": 0, **KINDS[kind]}
    made = fasttext.train_supervised(text, **options)
    if compression:
        quantized = {"qnorm": True, "qout": True} if compression == "output" else COMPRESSIONS[compression]
        made.quantize(text, verbose=0, **quantized)
    made.save_model(target)
    return target
