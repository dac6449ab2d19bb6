"""Writing ARPA files: the plain-text format in which n-gram models are exchanged.

Logarithms are to base 10 and written so that they read back exactly. By custom -99 stands for log 0.
"""

import os

import numpy as np
from jaxtyping import Float

from minillm.errors import InvalidInput
from minillm.files import atomic_write
from minillm.ngram.tables import Tables

LOG_ZERO = -99.0
LN_10 = float(np.log(10))
_SEPARATORS = frozenset("\0\t\n\r ")


def write(tables: Tables, path: str | os.PathLike[str]) -> None:
    """Write a back-off model as an ARPA file.

    Args:
        tables: The model.
        path: The file to write; it appears whole or not at all.

    Raises:
        InvalidInput: A word holds white space, which the format uses between words.

    Example:
        >>> write(NgramLM(3).fit([["a", "b"]])._tables, "model.arpa")  # doctest: +SKIP

    Source: the SRILM manual, ngram-format(5).
    """
    words = tables.vocabulary.words
    for word in words:
        if not _SEPARATORS.isdisjoint(word):
            raise InvalidInput(f"the word {word!r} cannot stand in an ARPA file: remove its white space")
    with atomic_write(path) as file:
        file.write("\\data\\\n")
        file.writelines(f"ngram {m}={len(keys)}\n" for m, keys in enumerate(tables.keys, start=1))
        texts = list(words)
        for m, keys in enumerate(tables.keys, start=1):
            if m > 1:
                prefix, last = np.divmod(keys, len(words))
                texts = [f"{texts[p]} {words[w]}" for p, w in zip(prefix.tolist(), last.tolist(), strict=True)]
            file.write(f"\n\\{m}-grams:\n")
            logp = _log10(tables.logp[m - 1])
            if m < tables.order:
                rows = zip(logp, texts, _log10(tables.weight[m - 1]), strict=True)
                file.writelines(f"{p}\t{text}\t{weight}\n" for p, text, weight in rows)
            else:
                file.writelines(f"{p}\t{text}\n" for p, text in zip(logp, texts, strict=True))
        file.write("\n\\end\\\n")


def _log10(natural: Float[np.ndarray, "ngrams"]) -> list[float]:
    """Logarithms to base 10; adding zero turns -0.0, which KenLM reads as a flag, into 0.0."""
    return np.where(np.isneginf(natural), LOG_ZERO, natural / LN_10 + 0.0).tolist()
