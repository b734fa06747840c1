"""Training of a bag-of-words classifier: fastText's supervised softmax, one example after the other.

Letters: R rows of the input matrix (words and buckets), D dimensions, L labels, N examples, F features of all
examples. A text is the mean of its features' rows, its label a softmax over the products with the rows of the output
matrix. Joulin, Grave, Bojanowski, Mikolov: Bag of tricks for efficient text classification (2016).
"""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def _softmax(products_L):
    """In place; float32[L]."""
    highest = products_L.max()
    total = np.float32(0)
    for label in range(len(products_L)):
        products_L[label] = np.exp(products_L[label] - highest)
        total += products_L[label]
    for label in range(len(products_L)):
        products_L[label] /= total


@njit(cache=True, nogil=True)
def steps(input_RD, output_LD, ids_F, firsts_N1, labels_N, rate, rate_drop):
    """A step of gradient descent for each example in turn, in place.

    input_RD, output_LD float32. Example n has the features ids_F[firsts_N1[n]] to ids_F[firsts_N1[n + 1]], at least
    one, the label labels_N[n] and the learning rate `rate - n * rate_drop`.
    """
    n_labels, n_dimensions = output_LD.shape
    hidden_D, gradient_D = np.empty(n_dimensions, np.float32), np.empty(n_dimensions, np.float32)
    shares_L = np.empty(n_labels, np.float32)
    for example in range(len(labels_N)):
        first, last = firsts_N1[example], firsts_N1[example + 1]
        one_part = np.float32(1.0 / (last - first))
        hidden_D[:] = 0
        for feature in range(first, last):
            row_D = input_RD[ids_F[feature]]
            for place in range(n_dimensions):
                hidden_D[place] += row_D[place]
        for place in range(n_dimensions):
            hidden_D[place] *= one_part
        for label in range(n_labels):
            product = np.float32(0)
            for place in range(n_dimensions):
                product += output_LD[label, place] * hidden_D[place]
            shares_L[label] = product
        _softmax(shares_L)
        example_rate = np.float32(rate - example * rate_drop)
        gradient_D[:] = 0
        for label in range(n_labels):
            step = example_rate * (np.float32(label == labels_N[example]) - shares_L[label])
            for place in range(n_dimensions):
                gradient_D[place] += step * output_LD[label, place]
                output_LD[label, place] += step * hidden_D[place]
        for place in range(n_dimensions):
            gradient_D[place] *= one_part
        for feature in range(first, last):
            row_D = input_RD[ids_F[feature]]
            for place in range(n_dimensions):
                row_D[place] += gradient_D[place]
