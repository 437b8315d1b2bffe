"""Words, characters and n-grams of texts, cut exactly as Keras's TextVectorization cuts them, without TensorFlow."""

from collections import Counter
from itertools import chain

import numpy as np

STRIPPED = b"!\"#$%&()*+,-./:;<=>?@[\\]^_`{|}~'"
COUNTED = 3_000_000  # terms that are counted at a time; beyond that, those met once so far are forgotten


def standardized(text):
    """A text as UTF-8 with ASCII letters in lower case and without ASCII punctuation."""
    return text.encode("utf-8", "replace").lower().translate(None, STRIPPED)


def pieces(text, unit):
    """The words (between ASCII white space) or the characters of a text, as bytes."""
    text = standardized(text)
    return text.split() if unit == "word" else [each.encode() for each in text.decode()]


def terms(text, unit, least, most):
    """Runs of `least` to `most` words (as bytes, joined by spaces) or characters (as strings), one after another.

    Args:
        text: The text; several texts of one row as a tuple or array.
        unit: "word" or "character".
        least, most: Length of the shortest and of the longest run.
    """
    if not isinstance(text, str):
        return chain.from_iterable(terms(each, unit, least, most) for each in text)
    if unit == "word":
        found = pieces(text, unit)
        return chain.from_iterable(map(b" ".join, zip(*(found[i:] for i in range(n)))) for n in range(least, most + 1))
    text = standardized(text).decode()
    return (text[i : i + n] for n in range(least, most + 1) for i in range(len(text) - n + 1))


def spelled(term):
    """A term as Keras's vocabularies spell it: spaces between words, and between characters."""
    return term.decode("utf-8", "replace") if isinstance(term, bytes) else " ".join(term)


def unspelled(term, unit):
    """The term that is `spelled` so."""
    return term.encode() if unit == "word" else term[::2]


def vocabulary(rows, size, unit, least, most):
    """The terms that the most rows have, most first.

    Terms with a line break in them, which the vocabulary files of a saved model could not hold, are left out.

    Args:
        rows: Texts `(n,)` or `(n, columns)`.
        size: Number of terms at most.
        unit, least, most: See `terms`.

    Returns:
        A list of strings.
    """
    counts = Counter()
    for row in rows:
        counts.update(set(terms(row, unit, least, most)))
        if len(counts) > COUNTED:
            counts = Counter({term: count for term, count in counts.items() if count > 1})
    # Ties by the term itself, so that the order of rows does not matter.
    ordered = sorted(_frequent(counts, 2 * size), key=lambda term: (-counts[term], term))
    known = map(spelled, ordered)
    usable = (term for term in known if term.strip() and len(term.splitlines()) == 1 and "\0" not in term)
    return [term for term, _ in zip(usable, range(size))]


def _frequent(counts, size):
    """The terms that are counted as often as the one in place `size`, or more: few are sorted faster than all."""
    if len(counts) <= size:
        return list(counts)
    values = np.fromiter(counts.values(), int, len(counts))
    least = np.partition(values, -size)[-size]
    return [term for term, count in counts.items() if count >= least]


def counted(rows, known, unit, least, most):
    """How often each row has each known term.

    Args:
        rows: Texts `(n,)` or `(n, columns)`.
        known: Terms, as of `vocabulary`.
        unit, least, most: See `terms`.

    Returns:
        A `scipy.sparse.csr_matrix` `(n, terms)` of float32.
    """
    from scipy.sparse import csr_matrix

    places = {unspelled(term, unit): place for place, term in enumerate(known)}
    ends, columns = [0], []
    for row in rows:
        columns.extend(places[term] for term in terms(row, unit, least, most) if term in places)
        ends.append(len(columns))
    matrix = csr_matrix((np.ones(len(columns), "float32"), columns, ends), (len(rows), len(known)))
    matrix.sum_duplicates()
    return matrix


def sequences(rows, known, length, unit):
    """Ids of the first `length` words or characters of each row: 0 fills up, 1 is anything unknown.

    Args:
        rows: Texts `(n,)` or `(n, columns)`, whose columns follow one another, each in an equal part of `length`.
        known: Terms, whose ids start from 2.
        length: Ids of a row.
        unit: "word" or "character".

    Returns:
        int32 `(n, length)`.
    """
    places = {term.encode(): place for place, term in enumerate(known, 2)}
    rows = np.asarray(rows, object)
    columns = rows if rows.ndim == 2 else rows[:, None]
    part = length // columns.shape[1]
    ids = np.zeros((*columns.shape, part), "int32")
    for at in np.ndindex(columns.shape):
        found = [places.get(piece, 1) for piece in pieces(columns[at], unit)[:part]]
        ids[at][: len(found)] = found
    return ids.reshape(len(rows), -1)


def counted_ids(rows, size):
    """How often each row has each id from 1 to `size`; greater ones do not count.

    Args:
        rows: int `(n, steps)`, 0 where nothing is.
        size: The greatest id.

    Returns:
        A `scipy.sparse.csr_matrix` `(n, size)` of float32.
    """
    from scipy.sparse import csr_matrix

    places = np.argwhere((rows > 0) & (rows <= size))
    columns = rows[tuple(places.T)] - 1
    return csr_matrix((np.ones(len(columns), "float32"), (places[:, 0], columns)), (len(rows), size))
