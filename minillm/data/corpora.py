"""Text to learn from: always at hand (`docstrings`, `village`), your own (`files`), or large (`hub`)."""

from functools import lru_cache

from minillm.data.corpus import Corpus, Document
from minillm.data.stdlib import read_docstrings

__all__ = ["Corpus", "Document", "docstrings"]


@lru_cache(maxsize=1)
def docstrings() -> Corpus:
    """The docstrings of the running Python's standard library, about 1.5 MB of English that people wrote.

    The text varies with the Python version, so whatever is measured on it does too. It is read once a
    process, without importing a module; tests, doctest sessions and near copies (half or more of the runs of
    eight words seen before) are left out.

    Returns:
        The corpus, one document a docstring.

    Raises:
        Unavailable: This Python is installed without its sources.

    Example:
        >>> len(docstrings().text) > 1_000_000
        True

    Source: The Python standard library; book section 3.1 on sources of text.
    """
    return Corpus("docstrings", "en", read_docstrings())
