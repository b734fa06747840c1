"""fastText classifiers whose every answer is known: each word they know speaks for one label."""

from __future__ import annotations

import numpy as np

from stages.fasttext_model import Entries, build, parse, to_bytes
from stages.language_codes import Identifier, identifier

WORDS = {
    "en": [
        "the",
        "cat",
        "sat",
        "on",
        "mat",
        "and",
        "looked",
        "at",
        "bird",
        "in",
        "tree",
        "before",
        "it",
        "went",
        "home",
        "to",
        "sleep",
    ],
    "de": [
        "die",
        "Katze",
        "sitzt",
        "auf",
        "der",
        "Matte",
        "und",
        "sieht",
        "den",
        "Vogel",
        "im",
        "Baum",
        "bevor",
        "sie",
        "nach",
        "Hause",
        "geht",
    ],
    "zh": list("猫坐在垫子上看着树的鸟然后回家睡觉"),
    "ja": ["ねこ", "とり", "木", "さくら"],
}
STRENGTH = 12.0
"""By so much the label of a text in one language is likelier than others, as a natural logarithm."""


def planted_bytes(words: dict[str, list[str]] = WORDS) -> bytes:
    """The file of a model of these words by label.

    The logits of a text are the shares that each label has of its words, times STRENGTH.
    """
    listed = [(word, label) for label, own in words.items() for word in own]
    labels = list(words)
    model = build(
        Entries([word.encode() for word, _ in listed], np.ones(len(listed), np.int64)),
        Entries([label.encode() for label in labels], np.ones(len(labels), np.int64)),
        dim=len(labels),
        word_ngrams=1,
        n_buckets=0,
    )
    for row, (_, label) in enumerate(listed):
        model.input_RV[row, labels.index(label)] = STRENGTH
    model.output_LV[:] = np.eye(len(labels), dtype=np.float32)
    return to_bytes(model)


def planted(words: dict[str, list[str]] = WORDS) -> Identifier:
    """That model, ready to be asked."""
    return identifier(parse(planted_bytes(words), "planted"))
