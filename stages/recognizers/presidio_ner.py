"""Names that a spaCy pipeline of the user's finds, by Presidio's SpacyRecognizer; pipelines are never fetched.

A pipeline is an installed package, which is trusted as all that is installed, or a folder. spaCy reads folders as JSON
and MessagePack, but builds what their `config.cfg` names: so only spaCy's own components and functions are taken from
a folder, and none that keeps weights of PyTorch, which are pickled.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from importlib.metadata import entry_points, version
from typing import TYPE_CHECKING, Any

from pipeline.assets import identity_of
from pipeline.errors import CorpusmillError, InputError, OptionError, shortened
from pipeline.stage import LANGUAGE_CODE

from .presidio_engine import MAX_PIECE, Found, analyzed, analyzer, pieces, presidio
from .presidio_patterns import MAX_AROUND

if TYPE_CHECKING:
    from presidio_analyzer import AnalyzerEngine

PERSON, LOCATION = "PERSON", "LOCATION"
ENTITIES = ("person", "location")
"""What pipelines find, by our names."""
LABELS = {"PERSON": PERSON, "PER": PERSON, "LOC": LOCATION, "GPE": LOCATION, "FAC": LOCATION, "LOCATION": LOCATION}
"""Labels of spaCy's pipelines -> Presidio's entities, as Presidio maps them, and FAC (buildings, roads)."""
SCORE = 0.85
"""Presidio's, of what a pipeline finds; spaCy's pipelines give none."""
COMPONENTS = {
    "attribute_ruler", "beam_ner", "entity_ruler", "lemmatizer", "merge_entities", "merge_noun_chunks", "morphologizer",
    "ner", "parser", "senter", "sentencizer", "tagger", "tok2vec", "trainable_lemmatizer",
}  # fmt: skip
"""Those of spaCy that may be in a folder."""
MAX_CONFIG, MAX_FILES = 1_000_000, 10_000


def check_ner(ner: dict[str, str]) -> None:
    """Raises OptionError for what is no code of a language, or no name of a pipeline."""
    for language, model in ner.items():
        if not LANGUAGE_CODE.fullmatch(language):
            raise OptionError("ner", f"pii option 'ner' has the language {language!r}; it takes codes such as en, zh")
        if not model:
            raise OptionError("ner", f"pii option 'ner' names no pipeline for {language}")


def identity(model: str) -> str:
    """What identifies a pipeline: the version of its package, or the hash of its folder. Raises InputError."""
    folder = _folder(model)
    if folder is None:
        return f"{model}=={version(model)}"
    digest = hashlib.sha256()
    for path in _files(folder):
        digest.update(f"{os.path.relpath(path, folder)}\0{identity_of(path)}\0".encode())
    return digest.hexdigest()


class Names:
    """A loaded pipeline, and Presidio's engine around it."""

    def __init__(self, language: str, model: str) -> None:
        self.language, self.rule = language, f"ner_{language}"
        self._nlp = _loaded(model)
        self._engine = _engine(self._nlp, language, model)
        self._most = min(MAX_PIECE, self._nlp.max_length - 2 * MAX_AROUND)

    def find(self, text: str) -> Iterator[Found]:
        """Names of people, and of places.

        Pieces are looked at one by one: with others in a batch, the last bits of what a pipeline computes differ.
        """
        for piece in pieces(text, self._most):
            with self._nlp.memory_zone():
                yield from analyzed(self._engine, self.rule, piece)


def _engine(nlp: Any, language: str, model: str) -> AnalyzerEngine:
    presidio("ner")
    from presidio_analyzer.nlp_engine import NerModelConfiguration, SpacyNlpEngine
    from presidio_analyzer.predefined_recognizers import SpacyRecognizer

    labels = {label for of_component in nlp.pipe_labels.values() for label in of_component}
    if not labels & set(LABELS):
        raise InputError(f"the spaCy pipeline {model} finds no names: it has none of the labels {', '.join(LABELS)}")
    configuration = NerModelConfiguration(
        labels_to_ignore=sorted(labels - set(LABELS)),
        model_to_presidio_entity_mapping=LABELS,
        default_score=SCORE,
    )
    engine = SpacyNlpEngine([{"lang_code": language, "model_name": model}], configuration)
    engine.nlp = {language: nlp}  # its own `load` would fetch what is not there, and use a GPU where there is one
    recognizer = SpacyRecognizer(supported_language=language, supported_entities=[PERSON, LOCATION])
    return analyzer(recognizer, "ner", nlp_engine=engine)


def _loaded(model: str) -> Any:
    presidio("ner")
    import spacy

    folder = _folder(model)
    try:
        if folder is not None:
            _check_config(folder)
        return spacy.load(model if folder is None else folder)
    except CorpusmillError:
        raise
    except Exception as error:  # spaCy has no kind of its own for files that are damaged
        said = shortened(f"{type(error).__name__}: {error}")
        raise InputError(f"the spaCy pipeline {model} cannot be used: {said}") from error


def _folder(model: str) -> str | None:
    """The folder of a pipeline, or None if it is an installed package. Raises InputError if it is neither."""
    if model in entry_points(group="spacy_models").names:
        return None
    folder = os.path.expanduser(model)
    if not os.path.isfile(os.path.join(folder, "config.cfg")):
        if os.path.basename(folder) != model or os.path.exists(folder):
            raise InputError(f"there is no spaCy pipeline in {model}: it has no config.cfg, as nlp.to_disk writes it")
        raise InputError(
            f"there is no spaCy pipeline {model}: install its package (python -m spacy download {model}),"
            " or give the path of a folder that nlp.to_disk wrote"
        )
    return folder


def _files(folder: str) -> list[str]:
    """The paths of all files, in order. Raises InputError if there are very many."""
    found: list[str] = []
    for place, _, names in os.walk(folder):
        found += [os.path.join(place, name) for name in names]
        if len(found) > MAX_FILES:
            raise InputError(f"{folder} has over {MAX_FILES:,} files: it is no spaCy pipeline")
    return sorted(found)


def _check_config(folder: str) -> None:
    """Raises InputError if a pipeline wants more than spaCy's own components and functions."""
    from spacy.util import load_config

    path = os.path.join(folder, "config.cfg")
    if os.path.getsize(path) > MAX_CONFIG:
        raise InputError(f"{path} has over {MAX_CONFIG:,} bytes")
    config = load_config(path)
    components = config.get("components", {})
    made = {str(one.get("factory", one.get("source", ""))) for one in components.values()}
    functions = set(_functions({"nlp": config.get("nlp", {}), "components": components}))
    others = {name for name in functions if not name.startswith("spacy.") or "Torch" in name}
    foreign = sorted((made - COMPONENTS) | others)
    if foreign:
        raise InputError(f"{folder} uses {', '.join(foreign)}: a pipeline with parts of others must be a package")


def _functions(value: Any) -> Iterator[str]:
    """The registered functions that a part of a config names, as `@architectures = ...`."""
    if isinstance(value, dict):
        for key, one in value.items():
            if key.startswith("@"):
                yield str(one)
            yield from _functions(one)
    elif isinstance(value, list):
        for one in value:
            yield from _functions(one)
