"""A training run from its config to result.json: steps, lines of metrics, checkpoints, the account of what was served.

`result.json` holds nothing that depends on time or place: the same config and data give the same bytes on the same
kind of processor, also after any kill. Its presence means that the run is complete.

Letters: B sequences of a batch, T predicted positions. "tokens" are predicted pairs.
"""

from __future__ import annotations

import hashlib
import math
import os
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from . import checkpoint
from .account import Account, check, settle
from .config import VERSION, Config
from .errors import ConfigError, DataError, TrainError
from .evaluate import Place, Score, evaluate, token_nats
from .flops import training_flops
from .loader import Batch, Loader
from .mixtures import weights_of
from .model import Decoder, Shape, hidden_width
from .optim import learning_rate, make_optimizer, set_learning_rate
from .packed import PackedIndex, read_index, read_token_bytes
from .parts import plan_of
from .plan import COARSE, Phase, Plan
from .record import Clock, Log, check_same_run, peak_memory_bytes, read_json, write_json

Progress = Callable[[int, int, float, float], None]
"""Called now and then with steps done, steps in all, loss in nats per token, tokens per second."""


class DivergedError(TrainError, ArithmeticError):
    """The loss or the gradient is no longer a finite number."""

    exit_code = 4


def choose_place(config: Config) -> Place:
    """The device and the type of matrix products that a config means here. Raises ConfigError if there is no GPU."""
    if config.device == "cuda" and not torch.cuda.is_available():
        raise ConfigError("device is cuda, but torch finds no GPU here: choose cpu or auto")
    name = "cuda" if config.device != "cpu" and torch.cuda.is_available() else "cpu"
    half = config.precision == "bfloat16" or (
        config.precision == "auto" and name == "cuda" and torch.cuda.is_bf16_supported()
    )
    return Place(torch.device(name), torch.bfloat16 if half else None)


def phases_of(config: Config, index: PackedIndex) -> list[Phase]:
    """The phases of a run, the weights of every source in each with a sum of 1. Raises ConfigError."""
    tokens = {name: n_tokens for name, (_, n_tokens) in index.available().items()}
    return [Phase(weights_of(mixture, tokens), budget) for mixture, budget in config.budgets()]


def model_shape(config: Config, index: PackedIndex) -> Shape:
    """The shape of the model for this vocabulary and sequence length."""
    return Shape(
        vocab_size=index.vocab_size,
        sequence_tokens=index.sequence_tokens,
        layers=config.layers,
        width=config.width,
        heads=config.heads,
        hidden=hidden_width(config.width, config.mlp_ratio),
        tie_embeddings=config.tie_embeddings,
    )


def _identity(config: Config, place: Place) -> dict[str, Any]:
    """All that decides the trained weights: a checkpoint or result with another identity is of another run."""
    with open(os.path.join(config.data, "packed.json"), "rb") as file:
        digest = hashlib.sha256(file.read()).hexdigest()
    return {
        **config.deciding(),
        "version": VERSION,
        "device": place.device.type,
        "precision": "bfloat16" if place.autocast else "float32",
        "data_sha256": digest,
        "torch": str(torch.__version__),
    }


def _device_name(place: Place) -> str:
    return torch.cuda.get_device_name(place.device) if place.device.type == "cuda" else "cpu"


def _peak_memory_bytes(place: Place) -> int:
    """Of the GPU, or of this process."""
    if place.device.type == "cuda":
        return torch.cuda.max_memory_allocated(place.device)
    return peak_memory_bytes()


class Run:
    """A run in memory: model, optimizer, loader, and how far it is."""

    def __init__(self, config: Config, index: PackedIndex, place: Place) -> None:
        self.config, self.index, self.place = config, index, place
        self.phases = phases_of(config, index)
        self.plan: Plan = plan_of(index, config.data, self.phases, config.max_epochs, config.target_tokens)
        self.loader = Loader(index, config.data, self.plan, config.seed, config.batch_sequences)
        self.served = Account.of(self.loader)
        self.sizes = read_token_bytes(config.data, index)
        self.model = Decoder(model_shape(config, index), config.seed).to(place.device)
        self.optimizer = make_optimizer(self.model, config.weight_decay)
        self.window: list[tuple[Tensor, Tensor, int]] = []

    @property
    def step(self) -> int:
        """Steps done."""
        return self.loader.step

    @property
    def n_tokens(self) -> int:
        """Predicted pairs seen until now."""
        return self.served.tokens

    @property
    def n_steps(self) -> int:
        """Steps of the whole run."""
        return len(self.loader)

    def state(self, identity: dict[str, Any], log_bytes: int) -> dict[str, Any]:
        """What `checkpoint.save` writes."""
        window = [[nats.item(), norm.item(), n_tokens] for nats, norm, n_tokens in self.window]
        return {
            "run": identity,
            "loader": self.loader.state_dict(),
            "served": self.served.state_dict(),
            "log_bytes": log_bytes,
            "window": window,
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go back to where a checkpoint was written."""
        self.loader.load_state_dict(state["loader"])
        self.served.load_state_dict(state["served"])
        self.window = [(torch.tensor(nats), torch.tensor(norm), n) for nats, norm, n in state["window"]]
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])

    def advance(self) -> None:
        """One step of training."""
        batch = self.loader[self.step]
        nats = self._backward(batch)
        norm = nn.utils.clip_grad_norm_(self.model.parameters(), self.config.clip)
        set_learning_rate(self.optimizer, self._rate(self.step))
        self.optimizer.step()
        self.optimizer.zero_grad()
        self.window.append((nats, norm, batch.n_tokens))
        self.served.add(batch)
        self.loader.step += 1

    def _backward(self, batch: Batch) -> Tensor:
        """Gradients of the mean nats per token; returns the sum of nats."""
        assert batch.n_tokens > 0
        total = torch.zeros((), device=self.place.device)
        size = self.place.sequences_at_once(self.index)
        for begin in range(0, len(batch.inputs), size):
            rows = slice(begin, begin + size)
            nats = token_nats(self.model, batch, rows, self.place, self.config.attend_across_documents).sum()
            (nats / batch.n_tokens).backward()  # type: ignore[no-untyped-call]
            total += nats.detach()
        return total

    def line(self) -> dict[str, Any]:
        """The line of metrics.jsonl for the steps since the last one: loss is over all of their tokens.

        Raises DivergedError if one of them gave a loss or gradient that is not finite.
        """
        self.check_finite()
        n_tokens = sum(n for *_, n in self.window)
        loss = math.fsum(nats.item() for nats, *_ in self.window) / n_tokens
        rate, norm = self._rate(self.step - 1), self.window[-1][1].item()
        self.window = []
        return {"step": self.step, "tokens": self.n_tokens, "loss": loss, "lr": rate, "grad_norm": norm}

    def check_finite(self) -> None:
        """Raise DivergedError, which names the step, if a step since the last line was not finite."""
        for step, (nats, norm, n_tokens) in enumerate(self.window, self.step - len(self.window)):
            loss, length = nats.item() / n_tokens, norm.item()
            if not (math.isfinite(loss) and math.isfinite(length)):
                raise DivergedError(
                    f"training diverged at step {step + 1} of {self.n_steps}, where the learning rate was "
                    f"{self._rate(step):.3g} (loss {loss:.4g}, norm of the gradient {length:.4g}): {self._advice()}"
                )

    def _advice(self) -> str:
        return f"choose an lr below {self.config.lr:g} or a longer warmup_frac, and another --out"

    def _rate(self, step: int) -> float:
        return learning_rate(step, self.n_steps, self.config.lr, self.config.warmup_frac)

    def evaluate(self) -> dict[str, Score]:
        """The scores on every source's validation sequences."""
        config = self.config
        across, most = config.attend_across_documents, config.max_validation_tokens
        scores = evaluate(self.model, self.index, config.data, self.sizes, self.place, across, most)
        for source, score in scores.items():
            if not math.isfinite(score.nats):
                raise DivergedError(f"after step {self.step} the loss on {source} is {score.nats}: {self._advice()}")
        return scores


def _validation_line(run: Run, scores: dict[str, Score]) -> dict[str, Any]:
    validation = {source: score.bits_per_byte for source, score in scores.items()}
    return {"step": run.step, "tokens": run.n_tokens, "validation": validation}


def _weights(phases: list[Phase]) -> dict[str, float]:
    """The weight of each source over all phases."""
    n_tokens = sum(phase.tokens for phase in phases)
    return {name: math.fsum(one.weights[name] * one.tokens / n_tokens for one in phases) for name in phases[0].weights}


def _result(run: Run, identity: dict[str, Any], scores: dict[str, Score], account: dict[str, Any]) -> dict[str, Any]:
    """The content of result.json."""
    plan = run.plan
    validation = {
        source: {
            "bits_per_byte": score.bits_per_byte,
            "nats": score.nats,
            "bytes": score.bytes,
            "tokens": score.tokens,
            "sequences": score.sequences,
        }
        for source, score in scores.items()
    }
    return {
        "config": identity,
        "weights": _weights(run.phases),
        "planned": plan.asked,
        "served": account["total"]["served"],
        "account": account,
        "capped": list(plan.capped),
        "coarse": list(plan.coarse),
        "short_tokens": plan.short_tokens,
        "steps": run.n_steps,
        "tokens": run.n_tokens,
        "parameters": run.model.n_parameters(),
        "flops": training_flops(run.model.shape, plan.total),
        "validation": validation,
        "threads": run.config.threads,
        "device": _device_name(run.place),
        "versions": {"python": sys.version.split()[0], "torch": str(torch.__version__), "numpy": np.__version__},
    }


def _finished(path: str, identity: dict[str, Any]) -> dict[str, Any] | None:
    """The result of this very run, if it is complete. Raises ConfigError for another's, DataError for a damaged one."""
    result = read_json(path)
    if result is None:
        return None
    if not isinstance(result.get("config"), dict):
        raise DataError(f"{path} is not of a training run: choose another --out")
    check_same_run(path, result["config"], identity)
    return result


def _no_text(text: str) -> None:
    """Say nothing."""


def _no_progress(done: int, n_steps: int, loss: float, tokens_per_second: float) -> None:
    """Show nothing."""


def train(config: Config, say: Callable[[str], None] = _no_text, progress: Progress = _no_progress) -> dict[str, Any]:
    """Train, or go on from the last checkpoint, or do nothing if all is done; returns the content of result.json.

    say is called with sentences worth a line. Settings of torch that last: number of threads, deterministic algorithms.
    Raises ConfigError, DataError, DivergedError.
    """
    _pin(config.threads)
    index, place = read_index(config.data), choose_place(config)
    identity = _identity(config, place)
    try:
        os.makedirs(config.out, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"out: cannot make the folder {config.out}: {error.strerror}") from error
    path = os.path.join(config.out, "result.json")
    result = _finished(path, identity)
    if result is not None:
        say(f"{path} is complete: nothing to do")
        return result
    result = _train(Run(config, index, place), identity, say, progress)
    write_json(path, result)
    return result


def _pin(threads: int) -> None:
    """Let the same run give the same numbers: sums depend on the number of threads and on the algorithm."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # without it cuBLAS refuses to be deterministic
    torch.set_num_threads(threads)
    torch.set_deterministic_debug_mode("error")  # as use_deterministic_algorithms, but loads no compiler: 1.5 s less


def _train(run: Run, identity: dict[str, Any], say: Callable[[str], None], progress: Progress) -> dict[str, Any]:
    """All steps from the last checkpoint on, and the final evaluation."""
    folder = run.config.out
    state = checkpoint.load(os.path.join(folder, "checkpoint.pt"), identity)
    if state is not None:
        run.restore(state)
        say(f"going on from step {run.step} of {run.n_steps}")
    if run.plan.short_tokens:
        say(f"no source may be shown more often (max_epochs): the run lacks {run.plan.short_tokens:,} of its tokens")
    if run.plan.coarse:
        say(
            f"too few sequences of {', '.join(run.plan.coarse)} are drawn to match target_tokens: its run would repeat"
            f" them more or less often than this one, by over {COARSE:.0%}"
        )
    clock = Clock(os.path.join(folder, "timing.json"), state is not None)
    log = Log(os.path.join(folder, "metrics.jsonl"), state["log_bytes"] if state else 0)
    try:
        _steps(run, identity, log, clock, progress)
        account = _settled(run)
        scores = run.evaluate()
        log.write(_validation_line(run, scores))
    finally:
        log.close()
    clock.write(run.n_tokens, _peak_memory_bytes(run.place))
    return _result(run, identity, scores, account)


def _settled(run: Run) -> dict[str, Any]:
    """Write the account of what was served, and check it."""
    account = settle(run.loader, run.served)
    write_json(os.path.join(run.config.out, "account.json"), account)
    check(account)
    return account


def _steps(run: Run, identity: dict[str, Any], log: Log, clock: Clock, progress: Progress) -> None:
    """The steps that are left, with their lines, evaluations and checkpoints."""
    config = run.config
    while run.step < run.n_steps:
        start = time.perf_counter()
        run.advance()
        is_last = run.step == run.n_steps
        line = run.line() if is_last or run.step % config.log_every == 0 else None
        clock.train_seconds += time.perf_counter() - start
        if line is not None:
            log.write(line)
            progress(run.step, run.n_steps, line["loss"], clock.tokens_per_second(run.n_tokens))
        if config.evaluate_every and run.step % config.evaluate_every == 0 and not is_last:
            log.write(_validation_line(run, run.evaluate()))
        if is_last or run.step % config.checkpoint_every_steps == 0:
            run.check_finite()
            log.sync()
            checkpoint.save(os.path.join(config.out, "checkpoint.pt"), run.state(identity, log.n_bytes))
            clock.write(run.n_tokens, _peak_memory_bytes(run.place))
