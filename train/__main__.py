"""`python -m train`: train one small model on one mixture of packed sources."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from .config import Config, read_config
from .errors import TrainError


class _Display:
    """Sentences on stderr, and a line of progress if that is a terminal."""

    def __init__(self) -> None:
        self._is_terminal = sys.stderr.isatty()
        self._shown = ""

    def say(self, text: str) -> None:
        """A line that stays."""
        self.clear()
        print(text, file=sys.stderr, flush=True)

    def progress(self, done: int, n_steps: int, loss: float, tokens_per_second: float) -> None:
        """A line that the next one overwrites."""
        if self._is_terminal:
            text = f"step {done:,} of {n_steps:,}   loss {loss:.3f}   {tokens_per_second:,.0f} tokens/s"
            print(f"\r{text.ljust(len(self._shown))}", end="", file=sys.stderr, flush=True)
            self._shown = text

    def clear(self) -> None:
        """Begin a new line after progress."""
        if self._shown:
            print(file=sys.stderr)
            self._shown = ""


def _train(config: Config, display: _Display) -> None:
    """Import torch and train: not before options are known to be right."""
    import torch

    torch.set_num_threads(config.threads)
    torch.set_num_interop_threads(1)  # possible only before torch has begun to work
    from .loop import train

    result = train(config, display.say, display.progress)
    display.clear()
    scores = [f"{source} {one['bits_per_byte']:.4f}" for source, one in result["validation"].items() if one["bytes"]]
    print(f"bits per byte: {', '.join(scores)}" if scores else "no source has validation text")


def main(argv: Sequence[str]) -> int:
    """Run a command line; returns the exit code."""
    display = _Display()
    try:
        _train(read_config(argv), display)
    except TrainError as error:
        display.say(f"error: {error}")
        return error.exit_code
    except KeyboardInterrupt:
        display.say("interrupted: the same command goes on from the last checkpoint")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
