"""Plain sentence splitting and word tokenization: rules a reader can hold in mind, for n-gram work.

English: a paragraph is cut after ``.``, ``!`` or ``?`` when a space and then a capital, digit, quote or
bracket follow and the dot does not end a known abbreviation. A word is a run of letters, digits and
underscores, with inner apostrophes, hyphens and dots kept (``don't``, ``left-hand``, ``os.path``, ``3.14``);
a dash ``--`` and three dots are one token, every other visible character is a token of its own.

Chinese: a sentence ends after ``。``, ``！``, ``？`` or ``；`` and the closing quotes that follow; a token is
one character, except that a run of Latin letters or digits stays together. Words need a segmenter, which
this is not.
"""

import re

from minillm.errors import InvalidInput

LANGUAGES = ("en", "zh")

_ABBREVIATIONS = (
    "e.g.",
    "i.e.",
    "etc.",
    "cf.",
    "vs.",
    "Mr.",
    "Mrs.",
    "Ms.",
    "Dr.",
    "No.",
    "Fig.",
    "Eq.",
    "al.",
)
_ENGLISH_BREAK = re.compile(r"""(?<=[.!?])["')\]]*\s+(?=["'(\[]*[A-Z0-9])""")
_CHINESE_BREAK = re.compile(r"(?<=[。！？；])(?![”’」』）。！？；])|(?<=[。！？；][”’」』）])(?![。！？；])")
_ITEM = re.compile(r"\s*(?:[-*+•]|\d+[.)]|\(\w\))\s+")
_ENGLISH_TOKEN = re.compile(r"\w+(?:['’.-]\w+)*|-{2,}|\.{3}|\S")
_CHINESE_TOKEN = re.compile(r"[A-Za-z0-9]+(?:[.'-][A-Za-z0-9]+)*|\S")


def split_sentences(text: str, language: str = "en") -> list[str]:
    """Cut a text into sentences; blank lines and list items end a sentence as well.

    Args:
        text: Any text. Line breaks inside a paragraph count as spaces.
        language: ``"en"`` or ``"zh"``.

    Returns:
        The sentences in order, without surrounding blanks, none of them empty.

    Raises:
        InvalidInput: The language is not one of the two.

    Example:
        >>> split_sentences("Lists, e.g. this. Are they short?  Yes.")
        ['Lists, e.g. this.', 'Are they short?', 'Yes.']

    Source: Our own rules.
    """
    _check_language(language)
    sentences: list[str] = []
    for paragraph in _paragraphs(text):
        if language == "zh":
            pieces = _CHINESE_BREAK.split(paragraph)
        else:
            pieces = _rejoin_abbreviations(_keep_closing(paragraph))
        sentences.extend(piece.strip() for piece in pieces if piece.strip())
    return sentences


def tokenize_words(sentence: str, language: str = "en", lower: bool = True) -> list[str]:
    """Cut a sentence into words and punctuation marks.

    Args:
        sentence: One sentence.
        language: ``"en"`` or ``"zh"`` (characters).
        lower: Fold to lower case.

    Returns:
        The tokens in order; no token is empty or holds a blank.

    Raises:
        InvalidInput: The language is not one of the two.

    Example:
        >>> tokenize_words("Don't call os.path twice!")
        ["don't", 'call', 'os.path', 'twice', '!']
        >>> tokenize_words("小明有3本书。", "zh")
        ['小', '明', '有', '3', '本', '书', '。']

    Source: Our own rules.
    """
    _check_language(language)
    pattern = _CHINESE_TOKEN if language == "zh" else _ENGLISH_TOKEN
    return pattern.findall(sentence.lower() if lower else sentence)


def _check_language(language: str) -> None:
    if language not in LANGUAGES:
        raise InvalidInput(f"language is {language!r}; allowed are 'en' and 'zh'. Pass one of these.")


def _paragraphs(text: str) -> list[str]:
    """Runs of lines between blank lines, cut again where a list item begins, each joined to one line."""
    paragraphs: list[list[str]] = [[]]
    for line in text.splitlines():
        if not line.strip() or _ITEM.match(line):
            paragraphs.append([])
        if line.strip():
            paragraphs[-1].append(_ITEM.sub("", line, count=1).strip() if _ITEM.match(line) else line.strip())
    return [" ".join(lines) for lines in paragraphs if lines]


def _keep_closing(paragraph: str) -> list[str]:
    """Cut at sentence ends; closing quotes and brackets stay with the sentence that they close."""
    pieces: list[str] = []
    start = 0
    for match in _ENGLISH_BREAK.finditer(paragraph):
        pieces.append(paragraph[start : match.end()])
        start = match.end()
    return [*pieces, paragraph[start:]]


def _rejoin_abbreviations(pieces: list[str]) -> list[str]:
    """Undo the cuts made after an abbreviation or a single initial."""
    joined: list[str] = []
    for piece in pieces:
        if joined and (joined[-1].rstrip().endswith(_ABBREVIATIONS) or _ends_with_initial(joined[-1])):
            joined[-1] += piece
        else:
            joined.append(piece)
    return joined


def _ends_with_initial(piece: str) -> bool:
    return re.search(r"(?:^|\s)[A-Z]\.\s*$", piece) is not None
