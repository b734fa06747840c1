"""AdamW and its learning rate as a function of the step.

Source: decoupled weight decay arXiv 1711.05101; betas (0.9, 0.95), warm-up and cosine to 10 % as in GPT-3
(arXiv 2005.14165, appendix B).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

BETAS = (0.9, 0.95)
EPSILON = 1e-8
LAST_FRAC = 0.1
"""The learning rate of the last step over the peak."""


def learning_rate(step: int, n_steps: int, peak: float, warmup_frac: float) -> float:
    """The learning rate of step 0 .. n_steps-1.

    It rises in equal parts over the first max(1, warmup_frac x n_steps) steps, the last of which has the peak, and
    falls along half a cosine to 10 % of the peak at the last step.
    """
    n_warmup = max(1, round(warmup_frac * n_steps))
    if step < n_warmup:
        return peak * (step + 1) / n_warmup
    done = (step + 1 - n_warmup) / (n_steps - n_warmup)
    return peak * (LAST_FRAC + (1 - LAST_FRAC) * 0.5 * (1 + math.cos(math.pi * done)))


class AdamW:
    """Algorithm 2 of arXiv 1711.05101, the decay times the learning rate as in torch; only matrices decay.

    The same as torch.optim.AdamW, which loads torch's compiler first: 2 s, much for a run of 20 s.
    """

    def __init__(self, parameters: Iterable[nn.Parameter], weight_decay: float) -> None:
        """Every parameter must have a gradient whenever a step is made."""
        self._parameters: list[Tensor] = list(parameters)
        self._matrices = [weight for weight in self._parameters if weight.ndim >= 2]
        self._weight_decay = weight_decay
        self._first = [torch.zeros_like(weight) for weight in self._parameters]
        self._second = [torch.zeros_like(weight) for weight in self._parameters]
        self._n_steps = 0

    @torch.no_grad()
    def step(self, rate: float) -> None:
        """Move all parameters against their gradients, at this learning rate, and forget the gradients."""
        self._n_steps += 1
        gradients = [weight.grad for weight in self._parameters if weight.grad is not None]
        assert len(gradients) == len(self._parameters)
        torch._foreach_lerp_(self._first, gradients, 1 - BETAS[0])
        torch._foreach_mul_(self._second, BETAS[1])
        torch._foreach_addcmul_(self._second, gradients, gradients, 1 - BETAS[1])
        scale = torch._foreach_sqrt(self._second)
        torch._foreach_div_(scale, math.sqrt(1 - BETAS[1] ** self._n_steps))
        torch._foreach_add_(scale, EPSILON)
        torch._foreach_mul_(self._matrices, 1 - rate * self._weight_decay)
        torch._foreach_addcdiv_(self._parameters, self._first, scale, -rate / (1 - BETAS[0] ** self._n_steps))
        for weight in self._parameters:
            weight.grad = None

    def state_dict(self) -> dict[str, Any]:
        """Steps made, and both moments of every parameter in order."""
        return {"n_steps": self._n_steps, "first": self._first, "second": self._second}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go back to a state of an optimizer of the same parameters."""
        self._n_steps = state["n_steps"]
        for mine, theirs in zip(self._first + self._second, state["first"] + state["second"], strict=True):
            mine.copy_(theirs)
