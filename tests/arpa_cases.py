"""ARPA files: one by hand, those of n-gram models, and some that are wrong."""

from __future__ import annotations

import random

Ngrams = dict[tuple[bytes, ...], tuple[float, float]]

BY_HAND = """\
\\data\\
ngram 1=6
ngram 2=4
ngram 3=2

\\1-grams:
-2.5\t<unk>
-99\t<s>\t-0.5
-1\t</s>
-0.75\tthe\t-0.25
-1.25\t中\t-0.125
-1.5\t文\t-0.0625

\\2-grams:
-0.375\t<s> the\t-0.0625
-0.5\tthe 中\t-0.75
-0.25\t中 文\t-0.1
-0.3\t文 </s>

\\3-grams:
-0.125\t<s> the 中
-0.0625\tthe 中 文

\\end\\
"""

WRONG = {
    "empty": ("", "it ends after line 0"),
    "foreign": ("PK\3\4 nothing of ours", r"line 1: here should be \\data\\"),
    "no counts": (BY_HAND.replace("ngram 1=6\nngram 2=4\nngram 3=2\n", ""), "line 3: it does not say how many"),
    "counts out of order": (BY_HAND.replace("ngram 1=6\n", ""), "line 2: here should be ngram 1=COUNT"),
    "a count that is none": (BY_HAND.replace("=6", "=six"), "line 2: here should be ngram 1=COUNT"),
    "a negative count": (BY_HAND.replace("=6", "=-6"), "line 2: here should be ngram 1=COUNT"),
    "a count of many digits": (BY_HAND.replace("=6", "=" + "6" * 5000), "line 2: here should be ngram 1=COUNT"),
    "seven words": (BY_HAND.replace("\n\n\\1-grams:", "\nngram 4=1\nngram 5=1\nngram 6=1\nngram 7=1\n\n\\1-grams:"), "line 8: n-grams of more than 6"),
    "fewer 1-grams": (BY_HAND.replace("1=6", "1=7"), "line 14: here the 1-grams end after 6, but the file says it has 7"),
    "more 1-grams": (BY_HAND.replace("1=6", "1=5"), "line 12: the 1-grams are more than the 5"),
    "fewer 3-grams": (BY_HAND.replace("3=2", "3=3"), "line 24: here the 3-grams end after 2"),
    "more 3-grams": (BY_HAND.replace("3=2", "3=1"), r"line 22: here should be \\end\\"),
    "very many 3-grams": (BY_HAND.replace("3=2", "3=99999999999"), "line 24: here the 3-grams end after 2"),
    "no end": (BY_HAND.replace("\\end\\", ""), r"it ends after line 24, before \\end\\"),
    "more after the end": (BY_HAND + "\nmore\n", "line 26: there is more"),
    "no 2-grams": (BY_HAND.replace("\\2-grams:", "\\4-grams:"), "line 14: the 1-grams are more than"),
    "a probability above 1": (BY_HAND.replace("-0.75\tthe", "0.75\tthe"), "line 10: the logarithm of a probability is above 0"),
    "a probability that is none": (BY_HAND.replace("-0.75\tthe", "nan\tthe"), "line 10: 'nan' is no number"),
    "a probability of nothing": (BY_HAND.replace("-0.75\tthe", "-inf\tthe"), "line 10: '-inf' is no number"),
    "a weight that is none": (BY_HAND.replace("\t-0.25", "\tinf"), "line 10: 'inf' is no number"),
    "a word for a number": (BY_HAND.replace("-0.75\tthe", "often\tthe"), "line 10: 'often' is no number"),
    "a number too low": (BY_HAND.replace("-0.75\tthe", "-1e9\tthe"), "line 10: '-1e9' is no number from -1000 to 1000"),
    "a 1-gram of two words": (BY_HAND.replace("\tthe\t-0.25", "\tthe cat\t-0.25"), "line 10: this is no 1-gram"),
    "a 2-gram of one word": (BY_HAND.replace("<s> the\t-0.0625", "the"), "line 15: this is no 2-gram"),
    "a word that is no 1-gram": (BY_HAND.replace("the 中\t", "the 龍\t"), "line 16: '龍' is no 1-gram"),
    "a word twice": (BY_HAND.replace("-1.5\t文", "-1.5\tthe"), "line 12: 'the' stands there twice"),
    "unknown twice": (BY_HAND.replace("-1.5\t文", "-1.5\t<UNK>"), "line 12: '<UNK>' stands there twice"),
    "an n-gram twice": (BY_HAND.replace("中 文\t", "the 中\t"), "the n-gram 'the 中' stands there twice"),
    "no begin": (BY_HAND.replace("\t<s>\t", "\tbegin\t"), "<s> is no 1-gram"),
    "no end of lines": (BY_HAND.replace("\t</s>", "\tend"), "</s> is no 1-gram"),
    "a weight of the longest": (BY_HAND.replace("<s> the 中\n", "<s> the 中\t-0.5\n"), "line 21: one of the longest n-grams has a back-off weight"),
    "a very long line": (BY_HAND.replace("\tthe\t-0.25", "\t" + "the" * 4_000_000), "line 10: it has over 4,194,304 bytes"),
}  # fmt: skip
"""What is wrong with a file -> its text, and what the error says."""


def pruned(ngrams: Ngrams, seed: int, share: float = 0.2) -> Ngrams:
    """Without some of the n-grams that begin no other, so that suffixes are missing, as SRILM's pruning leaves them."""
    chance = random.Random(seed)
    order = max(map(len, ngrams))
    contexts = {ngram[:-1] for ngram in ngrams}
    return {
        ngram: numbers
        for ngram, numbers in ngrams.items()
        if len(ngram) in (1, order) or ngram in contexts or chance.random() >= share
    }


def text_of(ngrams: Ngrams) -> bytes:
    """An ARPA file of these n-grams."""
    order = max(map(len, ngrams))
    sections = [{ngram: both for ngram, both in ngrams.items() if len(ngram) == n} for n in range(1, order + 1)]
    lines = [b"\\data\\", *(b"ngram %d=%d" % (n, len(section)) for n, section in enumerate(sections, 1))]
    for n, section in enumerate(sections, 1):
        lines += [b"", b"\\%d-grams:" % n]
        for ngram, (prob, weight) in section.items():
            lines.append(b"%r\t%s" % (prob, b" ".join(ngram)) + (b"\t%r" % weight if weight else b""))
    return b"\n".join([*lines, b"", b"\\end\\", b""])
