"""Text to learn from: always at hand (`docstrings`, `village`), your own (`files`), or large (`hub`)."""

from collections.abc import Sequence
from functools import lru_cache

from minillm.data import village as villages
from minillm.data.corpus import Corpus, Document
from minillm.data.hub import read_hub
from minillm.data.reading import StrPath, read_files
from minillm.data.stdlib import read_docstrings
from minillm.errors import InvalidInput

__all__ = ["Corpus", "Document", "docstrings", "files", "hub", "village"]


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


def village(seed: int = 0, language: str = "en", worlds: int = 1, stories: int = 30) -> Corpus:
    """Stories of small simulated worlds: every sentence is true in its world, and the facts behind it are known.

    The world itself, with its facts, questions, pages and scenes, is ``minillm.data.village.build(seed)``. One world
    tells the same events in many words, so a fair split for validation is by worlds, not by stories: take
    other seeds, as in ``village(seed=1000)``.

    Args:
        seed: The first world.
        language: ``"en"`` or ``"zh"``.
        worlds: How many consecutive seeds.
        stories: How many stories from each; some 30 tell of all that happens.

    Returns:
        The corpus, one document a story (about 130 words), with its sentences cut into words.

    Raises:
        InvalidInput: The language is unknown, or a number is below 1.

    Example:
        >>> village(seed=5, worlds=2, stories=3)[4].id
        'village-6/story-1'

    Source: Our own generator, in the spirit of TinyStories (Eldan and Li 2023, arXiv:2305.07759).
    """
    if worlds < 1:
        raise InvalidInput(f"worlds={worlds}; allowed is 1 and above.")
    documents = tuple(
        Document(f"village-{number}/{story.id}", story.text, tuple(s.words for s in story.sentences))
        for number in range(seed, seed + worlds)
        for story in villages.build(number, language).stories(stories)
    )
    return Corpus("village", language, documents)


def files(paths: StrPath | Sequence[StrPath], language: str = "en", text_field: str = "text") -> Corpus:
    """Your own text: UTF-8 files, one document each, or ``.jsonl`` files, one document a line.

    Args:
        paths: One path or several.
        language: ``"en"`` or ``"zh"``; decides how sentences and words are cut.
        text_field: The field of a ``.jsonl`` line that holds the text.

    Returns:
        The corpus.

    Raises:
        InvalidInput: A path is no file, is given twice, or there is none; the language is unknown.
        FormatError: A file is empty, is not UTF-8, or has a line that is not JSON with that field.

    Example:
        >>> files(["chapter1.txt", "chapter2.txt"])  # doctest: +SKIP
        Corpus('files', 'en', 2 documents, 81,920 characters)

    Source: None; plain book-keeping.
    """
    return Corpus("files", language, read_files(paths, text_field))


def hub(
    name: str,
    *,
    split: str = "train",
    config: str | None = None,
    text_field: str = "text",
    streaming: bool = True,
    limit: int | None = None,
    language: str = "en",
) -> Corpus:
    """A data set of the Hugging Face hub, such as TinyStories, WikiText or C4, streamed row by row.

    Args:
        name: Its name, as in ``"roneneldan/TinyStories"``, or a local folder of ``.jsonl`` or ``.parquet`` files.
        split: ``"train"``, ``"validation"`` ...
        config: The configuration, where there are several (``"wikitext-2-raw-v1"``).
        text_field: The column that holds the text.
        streaming: Read only what is needed; with False the whole data set is downloaded and kept.
        limit: The number of rows to take; None takes all, which for C4 is more than fits in any memory.
        language: ``"en"`` or ``"zh"``; decides how sentences and words are cut.

    Returns:
        The corpus, one document a row that has text.

    Raises:
        InvalidInput: The split, configuration, field or limit does not exist.
        Unavailable: No network and no copy, or no such data set.

    Example:
        >>> hub("roneneldan/TinyStories", limit=1000)  # doctest: +SKIP

    Source: https://huggingface.co/docs/datasets/stream; book section 3.1.
    """
    return Corpus(name, language, read_hub(name, split, config, text_field, streaming, limit))
