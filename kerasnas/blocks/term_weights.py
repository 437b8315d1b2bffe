"""How much terms count, by the training rows."""

import numpy as np

AT_ONCE = 64  # targets whose terms are counted at a time
SMOOTHING = 1.0


def binary_targets(y):
    """Encoded targets as columns of ones and zeros, sparse: classes and labels as they are, numbers by their median.

    Args:
        y: Class indices `(n,)`, indicators or numbers `(n, width)`.

    Returns:
        A `scipy.sparse.csr_matrix` `(n, columns)` of float32.
    """
    from scipy.sparse import csr_matrix

    y = np.asarray(y)
    if y.ndim == 1:
        classes = y.astype(int)
        ones = np.ones(len(classes), "float32")
        return csr_matrix((ones, (np.arange(len(classes)), classes)), (len(classes), int(classes.max()) + 1))
    y = y.reshape(len(y), -1)
    indicators = np.isin(y, (0, 1)).all(axis=0)
    return csr_matrix(np.where(indicators, y, y > np.median(y, axis=0)).astype("float32"))


def likelihood_weights(counts, targets):
    """The greatest logarithm of the ratio of a term's frequency in rows with and without a target, over the targets.

    Args:
        counts: Sparse counts of terms `(n, terms)`.
        targets: Sparse ones and zeros `(n, targets)`.

    Returns:
        `(terms,)`.

    Reference:
        Wang & Manning, "Baselines and Bigrams: Simple, Good Sentiment and Topic Classification", ACL 2012.
    """
    present = counts.copy()
    present.data[:] = 1.0
    total = np.asarray(present.sum(axis=0)).ravel() + 2 * SMOOTHING
    weights = np.zeros(counts.shape[1])
    for start in range(0, targets.shape[1], AT_ONCE):
        having = (targets[:, start : start + AT_ONCE].T @ present).toarray() + SMOOTHING
        lacking = total - having
        ratio = np.log(having / having.sum(axis=1, keepdims=True)) - np.log(
            lacking / lacking.sum(axis=1, keepdims=True)
        )
        weights = np.maximum(weights, np.abs(ratio).max(axis=0, initial=0.0))
    return weights


def document_weights(counts):
    """Logarithm of how few rows have a term, plus one.

    Args:
        counts: Sparse counts of terms `(n, terms)`.

    Returns:
        `(terms,)`.

    Reference:
        Jones, "A Statistical Interpretation of Term Specificity", 1972.
    """
    having = np.bincount(counts.indices, minlength=counts.shape[1])
    return np.log((1 + counts.shape[0]) / (1 + having)) + 1
