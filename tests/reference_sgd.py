"""The slow truth about `kernels.sgd`: the same steps as formulas, in float64."""

from __future__ import annotations

import numpy as np


def softmax(products: np.ndarray) -> np.ndarray:
    powers = np.exp(products - products.max())
    return powers / powers.sum()


def loss_of(inputs: np.ndarray, outputs: np.ndarray, features: list[int], label: int) -> float:
    """Minus the logarithm of the label's probability; the text is the mean of its features' rows."""
    return -np.log(softmax(outputs @ inputs[features].mean(axis=0))[label])


def step(inputs: np.ndarray, outputs: np.ndarray, features: list[int], label: int, rate: float) -> None:
    """A step against the gradient of `loss_of`, in place; a feature that occurs twice counts twice."""
    hidden = inputs[features].mean(axis=0)
    error = np.eye(len(outputs))[label] - softmax(outputs @ hidden)
    gradient = error @ outputs / len(features)
    outputs += rate * np.outer(error, hidden)
    for feature in features:
        inputs[feature] += rate * gradient
