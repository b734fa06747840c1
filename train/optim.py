"""AdamW and its learning rate as a function of the step.

Source: decoupled weight decay arXiv 1711.05101; betas (0.9, 0.95), warm-up and cosine to 10 % as in GPT-3
(arXiv 2005.14165, appendix B).
"""

from __future__ import annotations

import math

import torch
from torch import nn

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


def make_optimizer(model: nn.Module, weight_decay: float) -> torch.optim.AdamW:
    """AdamW for a model: matrices decay, the gains of norms do not. The learning rate is set before every step."""
    weights = list(model.parameters())
    groups = [
        {"params": [weight for weight in weights if weight.ndim >= 2], "weight_decay": weight_decay},
        {"params": [weight for weight in weights if weight.ndim < 2], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=0.0, betas=BETAS, eps=EPSILON)


def set_learning_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """The learning rate of the next step, for all parameters."""
    for group in optimizer.param_groups:
        group["lr"] = rate
