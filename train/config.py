"""The options of a training run: one dataclass is the schema, the parser of YAML and of flags, and the help.

`read_config(argv)` is what `python -m train` calls; `Config(...)` checks its values in Python too.
Nothing here imports torch, so that help and complaints come at once.
"""

from __future__ import annotations

import argparse
import dataclasses
import math
import reprlib
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import yaml

from .errors import ConfigError, did_you_mean
from .mixtures import MAX_TOKENS

VERSION = 2
"""Of what a run makes of its options and data: raised when the same ones give other weights."""
MAX_CONFIG_BYTES = 100_000
NAMED_MIXTURES = ("natural", "uniform")
DEFAULT_TOKENS = 2_000_000
MAX_PHASES = 100


def option(
    default: Any,
    help: str,
    *,
    ge: float | None = None,
    le: float | None = None,
    choices: tuple[str, ...] | None = None,
    decides: bool = True,
    flag: bool = True,
) -> Any:
    """An option: default, help, inclusive bounds, choices. decides: the weights depend on it; flag: it is one."""
    metadata = {"help": help, "ge": ge, "le": le, "choices": choices, "decides": decides, "flag": flag}
    return dataclasses.field(default=default, metadata=metadata)


@dataclass(frozen=True, kw_only=True)
class Config:
    """A training run. Raises ConfigError when a value is of the wrong type, out of bounds, or does not fit the others.

    Defaults suit a proxy of some 100,000 to 1,000,000 parameters on a CPU; "tokens" are predicted pairs.
    """

    data: str = option(dataclasses.MISSING, "folder of packed tokens", decides=False)
    out: str = option(dataclasses.MISSING, "folder to write to", decides=False)
    mixture: str | dict[str, float] = option(  # noqa: RUF009 - each Config makes its own map
        "natural", "natural, uniform, or weights of sources: in YAML a map, as a flag web=0.5,books=0.5"
    )
    tokens: int = option(
        None, f"budget of training tokens (default {DEFAULT_TOKENS:,}, or the sum of phases)", ge=1, le=MAX_TOKENS
    )
    phases: list[dict[str, Any]] = option(  # noqa: RUF009 - each Config makes its own list
        (),
        "list of {mixture: ..., tokens: N}, trained one after another; without a mixture it is that of the run",
        flag=False,
    )
    target_tokens: int = option(
        0, "budget of the run that this one stands for, whose repetition it matches; 0: none", ge=0, le=MAX_TOKENS
    )
    seed: int = option(0, "of the initial weights and the order of the data", ge=0, le=2**63 - 1)
    max_epochs: float = option(4.0, "a source is shown at most this often", ge=1e-9, le=1e9)
    layers: int = option(2, "blocks of attention and SwiGLU", ge=1, le=256)
    width: int = option(64, "of the residual stream; a multiple of 2 x heads", ge=2, le=65_536)
    heads: int = option(2, "of attention", ge=1, le=1024)
    mlp_ratio: float = option(3.0, "width of SwiGLU over width, rounded up to a multiple of 8", ge=0.01, le=64)
    tie_embeddings: bool = option(False, "embedding and head are one matrix")
    attend_across_documents: bool = option(False, "let packed documents see those before them in the sequence")
    batch_sequences: int = option(4, "sequences per step", ge=1, le=10**6)
    lr: float = option(0.005, "peak learning rate; ends at 10 %", ge=0, le=10)
    warmup_frac: float = option(0.1, "part of the steps in which the learning rate rises to its peak", ge=0, le=1)
    weight_decay: float = option(0.1, "of matrices; a vector has none", ge=0, le=10)
    clip: float = option(1.0, "largest norm of the gradient", ge=1e-9, le=1e9)
    precision: str = option(
        "auto", "auto: bfloat16 on a GPU that has it, else float32", choices=("auto", "float32", "bfloat16")
    )
    device: str = option("auto", "auto: a GPU if there is one, else the CPU", choices=("auto", "cpu", "cuda"))
    threads: int = option(1, "of the CPU; pinned, as sums depend on their number", ge=1, le=1024)
    max_validation_tokens: int = option(50_000, "of each source, the same for every run", ge=1, le=10**15)
    log_every: int = option(10, "steps between lines of metrics.jsonl", ge=1, le=10**9, decides=False)
    evaluate_every: int = option(0, "steps between evaluations; 0: only at the end", ge=0, le=10**9, decides=False)
    checkpoint_every_steps: int = option(200, "steps between checkpoints", ge=1, le=10**9, decides=False)

    def __post_init__(self) -> None:
        for field, kind in _fields():
            value = getattr(self, field.name)
            if field.name != "tokens" or value is not None:
                object.__setattr__(self, field.name, _checked(field, kind, value, field.name))
        in_phases = sum(phase["tokens"] for phase in self.phases)
        if in_phases > MAX_TOKENS:
            raise ConfigError(f"phases have {in_phases:,} tokens together, they may have at most {MAX_TOKENS:,}")
        if self.tokens is None:
            object.__setattr__(self, "tokens", in_phases or DEFAULT_TOKENS)
        if self.phases and in_phases != self.tokens:
            raise ConfigError(f"phases have {in_phases:,} tokens together, but tokens is {self.tokens:,}: leave it out")
        if self.phases and self.mixture != "natural" and all("mixture" in phase for phase in self.phases):
            raise ConfigError("mixture has no effect: every one of the phases has its own")
        if 0 < self.target_tokens < self.tokens:
            raise ConfigError(f"target_tokens must be at least tokens = {self.tokens:,}, got {self.target_tokens:,}")
        if self.width % (2 * self.heads):
            raise ConfigError(f"width must be a multiple of 2 x heads = {2 * self.heads}, got {self.width}")

    def budgets(self) -> list[tuple[str | dict[str, float], int]]:
        """Mixture and tokens of each phase; of the only one, if no phases are given."""
        phases = [(phase.get("mixture", self.mixture), phase["tokens"]) for phase in self.phases]
        return phases or [(self.mixture, self.tokens)]

    def deciding(self) -> dict[str, Any]:
        """The options that the trained weights depend on, ready for JSON."""
        return {field.name: getattr(self, field.name) for field, _ in _fields() if field.metadata["decides"]}


def _fields() -> list[tuple[dataclasses.Field[Any], Any]]:
    """The options with their resolved types, in order of declaration."""
    kinds = typing.get_type_hints(Config)
    return [(field, kinds[field.name]) for field in dataclasses.fields(Config)]


_TYPE_NAMES = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}


def _shown(value: Any) -> str:
    """A value as it appears in a message: short, whatever it is."""
    try:
        return reprlib.repr(value)[:100]
    except ValueError:  # Python refuses to write out a number of thousands of digits
        return "a number of very many digits"


def _checked(field: dataclasses.Field[Any], kind: Any, value: Any, where: str) -> Any:
    """`value` as the option's type and within its bounds. Raises ConfigError that begins with `where`."""
    try:
        value = _READERS[field.name](value) if field.name in _READERS else _scalar(value, kind)
    except TypeError:
        wanted = _TYPE_NAMES.get(kind) or _WANTED[field.name]
        raise ConfigError(f"{where} must be {wanted}, got {_shown(value)}") from None
    except ValueError as error:
        raise ConfigError(f"{where} {error}") from None
    low, high, choices = field.metadata["ge"], field.metadata["le"], field.metadata["choices"]
    if choices is not None and value not in choices:
        raise ConfigError(f"{where} has no choice {_shown(value)}{did_you_mean(value, choices)}")
    if low is not None and not low <= value <= high:
        raise ConfigError(f"{where} must be from {low:,} to {high:,}, got {_shown(value)}")
    return value


def _scalar(value: Any, kind: type) -> Any:
    """`value` as `kind`; a whole number is a number, a truth value is not. Raises TypeError."""
    if kind is float and type(value) in (int, str):  # YAML 1.1 reads 1e-3 as text
        try:
            value = float(value)
        except (ValueError, OverflowError):
            raise TypeError from None
    if type(value) is not kind:
        raise TypeError
    if isinstance(value, str) and "\0" in value:
        raise ValueError("must not hold the character NUL")
    return value


def _mixture(value: Any) -> str | dict[str, float]:
    """A named mixture, or weights from a map or from text such as `web=0.5,books=0.5`."""
    if isinstance(value, str):
        if "=" not in value:
            if value not in NAMED_MIXTURES:
                raise ValueError(
                    f"has no mixture named {_shown(value)}{did_you_mean(value, NAMED_MIXTURES)}; "
                    "weights are written web=0.5,books=0.5"
                )
            return value
        pairs = [part.partition("=")[::2] for part in value.split(",")]
        value = {name.strip(): weight.strip() for name, weight in pairs}
        if len(value) < len(pairs):
            raise ValueError("names a source twice")
    if not isinstance(value, Mapping):
        raise TypeError
    weights = {_scalar(name, str): _scalar(weight, float) for name, weight in value.items()}
    for name, weight in weights.items():
        if not 0 <= weight < math.inf:
            raise ValueError(f"gives {_shown(name)} the weight {weight}, it must be 0 or more")
    if not any(weights.values()):
        raise ValueError("gives no source a weight above 0")
    return dict(sorted(weights.items()))


def _phases(value: Any) -> list[dict[str, Any]]:
    """The phases of a run, each with `tokens` and, if it has one of its own, `mixture`."""
    if not isinstance(value, list | tuple):
        raise TypeError
    if len(value) > MAX_PHASES:
        raise ValueError(f"must be at most {MAX_PHASES}, got {len(value):,}")
    return [_phase(f"number {number}:", one) for number, one in enumerate(value, start=1)]


def _phase(where: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping) or "tokens" not in value:
        raise ValueError(f"{where} must be a map with tokens, such as {{tokens: 1_000_000}}, got {_shown(value)}")
    for key in value:
        if key not in ("mixture", "tokens"):
            raise ValueError(f"{where} has no option {_shown(key)}{did_you_mean(_shown(key), ('mixture', 'tokens'))}")
    tokens = value["tokens"]
    if type(tokens) is not int or not 1 <= tokens <= MAX_TOKENS:
        raise ValueError(f"{where} tokens must be a whole number from 1 to {MAX_TOKENS:,}, got {_shown(tokens)}")
    if "mixture" not in value:
        return {"tokens": tokens}
    try:
        return {"mixture": _mixture(value["mixture"]), "tokens": tokens}
    except TypeError:
        raise ValueError(f"{where} mixture must be {_WANTED['mixture']}, got {_shown(value['mixture'])}") from None
    except ValueError as error:
        raise ValueError(f"{where} mixture {error}") from None


_READERS: Mapping[str, Callable[[Any], Any]] = {"mixture": _mixture, "phases": _phases}
_WANTED = {"mixture": "a name or weights of sources", "phases": "a list of {mixture: ..., tokens: N}"}


class _StrictLoader(yaml.SafeLoader):
    """Plain data, and no key twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key in (key for key, _ in node.value if isinstance(key, yaml.ScalarNode)):
            if key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"'{key.value}' is given twice", key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def read_yaml(path: str) -> dict[str, Any]:
    """The options of a YAML file, checked one by one. Raises ConfigError, which names file and key."""
    try:
        with open(path, "rb") as file:
            data = file.read(MAX_CONFIG_BYTES + 1)
        if len(data) > MAX_CONFIG_BYTES:
            raise ConfigError(f"{path}: a config may have at most {MAX_CONFIG_BYTES:,} bytes")
        tree = yaml.load(data.decode("utf-8-sig"), _StrictLoader)
    except ConfigError:
        raise
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ConfigError(f"{path}: not valid YAML: {' '.join(str(error).split())}") from error
    if tree is None:
        return {}
    if not isinstance(tree, dict):
        raise ConfigError(f"{path}: a config is a map, such as 'lr: 0.01', got {_shown(tree)}")
    return {key: _option(path, key, value) for key, value in tree.items()}


def _option(path: str, key: Any, value: Any) -> Any:
    """The value of one option of a file, checked."""
    known = {field.name: (field, kind) for field, kind in _fields()}
    if key not in known:
        raise ConfigError(f"{path}: there is no option {_shown(key)}{did_you_mean(_shown(key), known)}")
    return _checked(*known[key], value, f"{path}:{key}")


class _Parser(argparse.ArgumentParser):
    """Raises ConfigError where argparse would print its usage and exit."""

    def error(self, message: str) -> NoReturn:
        raise ConfigError(message)


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")


def parser() -> argparse.ArgumentParser:
    """A flag for every option, and --config."""
    made = _Parser("python -m train", description=_DESCRIPTION, allow_abbrev=False)
    made.add_argument("--config", metavar="FILE", help="YAML of the options below, with _ for -; flags override it")
    for field, kind in _fields():
        if not field.metadata["flag"]:
            continue
        note = field.metadata["help"]
        if field.default not in (dataclasses.MISSING, None):
            note = f"{note} (default {str(field.default).lower() if kind is bool else field.default})"
        settings: dict[str, Any] = {"help": note.replace("%", "%%"), "default": argparse.SUPPRESS, "dest": field.name}
        if kind is bool:
            settings["action"] = argparse.BooleanOptionalAction
        else:
            settings["metavar"] = {int: "N", float: "X"}.get(kind, "|".join(field.metadata["choices"] or ("TEXT",)))
        made.add_argument(_flag(field.name), **settings)
    return made


_DESCRIPTION = (
    "Train a small decoder on a mixture of packed sources and write metrics.jsonl, checkpoint.pt and result.json. "
    "Called again after any interruption, it goes on from the last checkpoint; called again after the end, it does "
    "nothing. A file given by --config may also have phases: a list of {mixture: ..., tokens: N}, trained one after "
    "another."
)


def _number(kind: Any, value: Any) -> Any:
    """The text of a flag as a whole number where one is wanted; other types are left to `_scalar`."""
    if kind is not int:
        return value
    try:
        return int(value)
    except ValueError:
        return value


def read_config(argv: Sequence[str]) -> Config:
    """The config of a command line. Raises ConfigError; SystemExit after --help."""
    flags, unknown = parser().parse_known_args(list(argv))
    known = {_flag(field.name) for field, _ in _fields() if field.metadata["flag"]} | {"--config"}
    if unknown:
        name = unknown[0].partition("=")[0]
        raise ConfigError(f"there is no option {_shown(name)}{did_you_mean(name, known)}")
    given = vars(flags)
    path = given.pop("config")
    values = read_yaml(path) if path is not None else {}
    for field, kind in _fields():
        if field.name in given:
            value = _number(kind, given[field.name])
            values[field.name] = _checked(field, kind, value, _flag(field.name))
        if field.default is dataclasses.MISSING and field.name not in values:
            raise ConfigError(f"{_flag(field.name)} is needed: {field.metadata['help']}")
    return Config(**values)
