"""The learned judge of quality beside fastText: preparing text, predicting, training; one process, one core, in memory."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from .quality import MB, fastest, n_bytes, rate

N_EXAMPLES = 4_000
TRAINING = """
import fasttext, sys, time
started = time.process_time()
model = fasttext.train_supervised(
    sys.argv[1], dim=16, wordNgrams=2, bucket=500_000, epoch=5, lr=0.5, minCount=3, thread=1, verbose=0
)
print(time.process_time() - started)
model.save_model(sys.argv[2])
"""
"""With one thread, as ours: more do not give the same model twice."""


def examples(found: dict[str, list[str]]) -> tuple[list[bytes], np.ndarray]:
    """Plain text of documents and labels that are as good as any for timing: whether a document is among the first."""
    from stages.classifier_text import joined, prepared

    texts = [text for of_language in found.values() for text in of_language[: N_EXAMPLES // 2]]
    labels = np.array([row % (N_EXAMPLES // 2) < N_EXAMPLES // 4 for row in range(len(texts))], np.int64)
    data, offsets = prepared(*joined([text.encode() for text in texts]))
    whole = data.tobytes()
    return [whole[offsets[row] : offsets[row + 1]] for row in range(len(texts))], labels


def train(found: dict[str, list[str]], folder: Path) -> str:
    """Print how long training takes here and there; returns the path of our model."""
    from stages import classifier_training

    texts, labels = examples(found)
    settings = classifier_training.Settings(2, 16, 500_000, 5, 0.5, 3, 0)
    classifier_training.train(texts[:20], labels[:20], ("good", "candidate"), settings)
    started = time.process_time()
    content = classifier_training.train(texts, labels, ("good", "candidate"), settings)
    ours = time.process_time() - started
    (folder / "ours.bin").write_bytes(content)
    lines = [b"__label__%d %s\n" % (label, text) for label, text in zip(labels.tolist(), texts, strict=True)]
    (folder / "train.txt").write_bytes(b"".join(lines))
    command = [sys.executable, "-c", TRAINING, str(folder / "train.txt"), str(folder / "theirs.bin")]
    environment = {**os.environ, "MALLOC_MMAP_THRESHOLD_": "65536"}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    size = sum(map(len, texts)) / MB
    print(
        f"classifier: training on {size:.0f} MB of plain text, 5 epochs, one thread: {ours:.1f} s of CPU time,"
        f" fastText {float(done.stdout):.1f} s"
    )
    return str(folder / "ours.bin")


def artifact(path: str) -> str:
    """The path of a file of ours with this model, so that the stage prepares text."""
    from stages import classifier_file

    about = {
        "positive": "good",
        "labels": ["good", "candidate"],
        "languages": {"all": {}},
        "quantiles": {"all": [500_000]},
    }
    with open(f"{path}.zip", "wb") as file:
        classifier_file.write(file, Path(path).read_bytes(), about)
    return f"{path}.zip"


def compare(language: str, texts: list[str], path: str) -> None:
    """Print our rates and fastText's own, on the text that our stage would give it."""
    from batches import documents
    from fasttext.FastText import _FastText

    from pipeline.batch import utf8_buffers
    from pipeline.execute import run_stage
    from stages.classifier import Classifier
    from stages.classifier_text import predicted, prepared
    from stages.fasttext_model import load

    model, theirs = load(path), _FastText(model_path=path)
    data, offsets = utf8_buffers(documents(texts).column("text"))
    plain, bounds = prepared(data, offsets)
    whole = plain.tobytes()
    lines = [whole[bounds[row] : bounds[row + 1]].decode() for row in range(len(texts))]
    alone = n_bytes(lines) / MB / fastest(lambda: theirs.predict(lines, k=2))
    ours = n_bytes(lines) / MB / fastest(lambda: predicted(model, 0, plain, bounds))
    print(f"  {language}: prepared text at {rate(texts, lambda: prepared(data, offsets)):.0f} MB/s")
    print(f"    predicting from prepared text: {ours:.0f} MB/s, fastText {alone:.1f}; {ours / alone:.1f} times")
    stage = Classifier(model=artifact(path), by="threshold", by_language=False)
    batch, resource = documents(texts), stage.open()
    speed = rate(texts, lambda: run_stage(stage, batch, resource=resource))
    print(f"    the whole stage: {speed:.0f} MB/s")


def main(found: dict[str, list[str]]) -> None:
    """Classifier, by language."""
    found = {language: texts for language, texts in found.items() if texts}
    with tempfile.TemporaryDirectory() as folder:
        path = train(found, Path(folder))
        for language, texts in found.items():
            compare(language, texts[:8000], path)
