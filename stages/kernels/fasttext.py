"""fastText's classifier: the likeliest labels of a text, by the mean of its rows and one of four losses.

Letters: D bytes of text, S spans, N documents, V values of a row, L labels, K labels asked for, T inner nodes of a
tree, Q entries of a table. What the losses give is fastText 0.9's to the last bits of a float32. Sources: Joulin et al.
2016; Goodman 2001 (hierarchical softmax); Mikolov et al. 2013 (negative sampling).
"""

from __future__ import annotations

import numpy as np
from numba import njit

from .fasttext_rows import BUFFER, sum_document

HIERARCHICAL, NEGATIVE, SOFTMAX, ONE_VS_ALL = 1, 2, 3, 4
"""Losses, as files number them."""
LITTLE = 1e-5
"""Added to a probability before its logarithm is taken, and so part of what fastText tells."""
N_SIGMOID, MAX_SIGMOID = 512, 8


def sigmoids() -> np.ndarray:
    """The table by which fastText tells the logistic function, float32[513], from -8 to 8."""
    x = (np.arange(N_SIGMOID + 1) * (2 * MAX_SIGMOID) / N_SIGMOID - MAX_SIGMOID).astype(np.float32)
    return (1.0 / (1.0 + np.exp(-x))).astype(np.float32)


@njit(cache=True, nogil=True)
def _insert(label, score, labels_K, scores_K):
    """Put a label among the best; of equal scores the one that came first stays before."""
    place = len(labels_K)
    while place > 0 and (labels_K[place - 1] < 0 or scores_K[place - 1] < score):
        place -= 1
    if place < len(labels_K):
        for later in range(len(labels_K) - 1, place, -1):
            labels_K[later], scores_K[later] = labels_K[later - 1], scores_K[later - 1]
        labels_K[place], scores_K[place] = label, score


@njit(cache=True, nogil=True, inline="always")
def _log(probability):
    return np.float32(np.log(np.float64(probability) + LITTLE))


@njit(cache=True, nogil=True, inline="always")
def _told(logarithm):
    """The score of a logarithm, at most 1; of what is not a number 0: weights of such a model are too large to add."""
    score = np.exp(logarithm)
    if np.isnan(score):
        return np.float32(0)
    return score if score < 1 else np.float32(1)


@njit(cache=True, nogil=True)
def _walk_tree(mean_V, t, stack_T, sums_T, labels_K, scores_K):
    """The best leaves by the logarithms of their probabilities, as far as they can be among the best."""
    n_labels = len(t.output)
    stack_T[0], sums_T[0] = n_labels + len(t.left_T) - 1, np.float32(0)
    n_stack = 1
    while n_stack:
        n_stack -= 1
        node, so_far = np.int64(stack_T[n_stack]), sums_T[n_stack]
        if labels_K[-1] >= 0 and so_far < scores_K[-1]:
            continue
        if node < n_labels:
            _insert(node, so_far, labels_K, scores_K)
            continue
        row_V, dot = t.output[node - n_labels], np.float32(0)
        for value in range(len(mean_V)):
            dot += row_V[value] * mean_V[value]
        right = np.float32(1.0 / np.float64(np.float32(1) + np.exp(-dot)))
        stack_T[n_stack], sums_T[n_stack] = t.right_T[node - n_labels], so_far + _log(right)
        stack_T[n_stack + 1] = t.left_T[node - n_labels]
        sums_T[n_stack + 1] = so_far + _log(np.float32(1.0 - np.float64(right)))
        n_stack += 2


@njit(cache=True, nogil=True)
def _label_scores(mean_V, t, scores_L):
    """The probability of each label into scores_L."""
    scores_L[:] = 0
    for value in range(len(mean_V)):
        row_L, factor = t.output[value], mean_V[value]
        for label in range(len(scores_L)):
            scores_L[label] += factor * row_L[label]
    if t.loss == SOFTMAX:
        highest, total = scores_L.max(), np.float32(0)
        for label in range(len(scores_L)):
            scores_L[label] = np.exp(scores_L[label] - highest)
            total += scores_L[label]
        for label in range(len(scores_L)):
            scores_L[label] /= total
        return
    for label in range(len(scores_L)):
        x = scores_L[label]
        if x > MAX_SIGMOID:
            scores_L[label] = 1
        elif x >= -MAX_SIGMOID:
            scores_L[label] = t.sigmoid_Q[np.int64((x + MAX_SIGMOID) * N_SIGMOID / MAX_SIGMOID / 2)]
        else:
            scores_L[label] = 0 if x < 0 else x  # not a number stays what it is


@njit(cache=True, nogil=True)
def _leaf_scores(mean_V, t, sums_T, scores_L):
    """The probability of each label, by hierarchical softmax, into scores_L; sums_T: room for each inner node."""
    n_labels, n_inner = len(t.output), len(t.left_T)
    if n_inner:
        sums_T[n_inner - 1] = 0
    else:
        scores_L[0] = 0
    for inner in range(n_inner - 1, -1, -1):
        dot = np.float32(0)
        for value in range(len(mean_V)):
            dot += t.output[inner, value] * mean_V[value]
        right = np.float32(1.0 / np.float64(np.float32(1) + np.exp(-dot)))
        for child, share in (
            (t.left_T[inner], np.float32(1.0 - np.float64(right))),
            (t.right_T[inner], right),
        ):
            if child < n_labels:
                scores_L[child] = sums_T[inner] + _log(share)
            else:
                sums_T[child - n_labels] = sums_T[inner] + _log(share)
    for label in range(n_labels):
        scores_L[label] = _told(scores_L[label])


@njit(cache=True, nogil=True)
def score_all(data_D, starts_S, stops_S, firsts_N1, t):
    """The score of every label, float32[N, L], as `predict` has it; 0 for a document without a feature."""
    n_documents, is_tree = len(firsts_N1) - 1, t.loss == HIERARCHICAL
    scores_NL = np.zeros((n_documents, len(t.output) if is_tree else t.output.shape[1]), np.float32)
    ids_I, open_G = np.empty(BUFFER, np.int32), np.empty(max(t.word_ngrams - 1, 0), np.uint64)
    token_C = np.empty(3 + (stops_S - starts_S).max() if len(starts_S) else 0, np.uint8)
    mean_V, sums_T = np.empty(t.input_RV.shape[1], np.float32), np.empty(len(t.left_T), np.float32)
    for row in range(n_documents):
        first, last = firsts_N1[row], firsts_N1[row + 1]
        n_features = sum_document(data_D, starts_S, stops_S, first, last, t, token_C, ids_I, open_G, mean_V)
        if n_features == 0:
            continue
        mean_V *= np.float32(1.0 / n_features)
        if is_tree:
            _leaf_scores(mean_V, t, sums_T, scores_NL[row])
            continue
        _label_scores(mean_V, t, scores_NL[row])
        for label in range(scores_NL.shape[1]):
            scores_NL[row, label] = _told(_log(scores_NL[row, label]))
    return scores_NL


@njit(cache=True, nogil=True)
def predict(data_D, starts_S, stops_S, firsts_N1, t, n_best):
    """The likeliest labels of each document, int32[N, K], and their scores as fastText gives them, float32[N, K].

    The best is first. Where there are fewer, or a document has no feature that the model knows, -1 and 0.
    """
    n_documents, n_values = len(firsts_N1) - 1, t.input_RV.shape[1]
    labels_NK = np.full((n_documents, n_best), -1, np.int32)
    scores_NK = np.zeros((n_documents, n_best), np.float32)
    ids_I, open_G = np.empty(BUFFER, np.int32), np.empty(max(t.word_ngrams - 1, 0), np.uint64)
    token_C = np.empty(3 + (stops_S - starts_S).max() if len(starts_S) else 0, np.uint8)
    mean_V = np.empty(n_values, np.float32)
    is_tree = t.loss == HIERARCHICAL
    scores_L = np.empty(0 if is_tree else t.output.shape[1], np.float32)
    stack_T, sums_T = np.empty(len(t.left_T) + 2, np.int32), np.empty(len(t.left_T) + 2, np.float32)
    for row in range(n_documents):
        first, last = firsts_N1[row], firsts_N1[row + 1]
        n_features = sum_document(data_D, starts_S, stops_S, first, last, t, token_C, ids_I, open_G, mean_V)
        if n_features == 0:
            continue
        mean_V *= np.float32(1.0 / n_features)
        if is_tree:
            _walk_tree(mean_V, t, stack_T, sums_T, labels_NK[row], scores_NK[row])
        else:
            _label_scores(mean_V, t, scores_L)
            for label in range(len(scores_L)):
                _insert(label, _log(scores_L[label]), labels_NK[row], scores_NK[row])
        for place in range(n_best):
            if np.isnan(scores_NK[row, place]):
                labels_NK[row, place] = -1
            scores_NK[row, place] = _told(scores_NK[row, place]) if labels_NK[row, place] >= 0 else 0
    return labels_NK, scores_NK
