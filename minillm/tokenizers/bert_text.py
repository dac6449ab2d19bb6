"""BERT's basic pre-tokenization: cleaning, Chinese characters apart, lower case, accents, punctuation.

What a character is comes from the running Python's Unicode tables. The ``tokenizers`` library has tables of 2015, so
that marks and punctuation which Unicode took in later are treated otherwise there, and its list of Chinese characters
leaves out U+2B820 to U+2B91F, which the published BERT has.
"""

import unicodedata

import regex

_SPACE = regex.compile(r"\p{White_Space}+")
_CHINESE = (
    (0x4E00, 0x9FFF),
    (0x3400, 0x4DBF),
    (0x20000, 0x2A6DF),
    (0x2A700, 0x2B73F),
    (0x2B740, 0x2B81F),
    (0x2B820, 0x2CEAF),
    (0xF900, 0xFAFF),
    (0x2F800, 0x2FA1F),
)


def clean_text(text: str) -> str:
    r"""Drop control characters and make every white space a plain space.

    Args:
        text: Any text.

    Returns:
        The text without NUL, U+FFFD, and Unicode's control, format and private-use characters.

    Example:
        >>> clean_text("a\tb\x00c\u200d")
        'a bc'

    Source: Devlin et al. 2019, the published ``BasicTokenizer``.
    """
    kept = (character for character in text if character in "\t\n\r" or not _is_control(character))
    return "".join(" " if character.isspace() else character for character in kept)


def space_chinese(text: str) -> str:
    """Put a space around each Chinese character, so that each becomes a word.

    Args:
        text: Any text.

    Returns:
        The text with spaces put in; Japanese kana and Korean syllables stay as they are.

    Example:
        >>> space_chinese("GPT模型")
        'GPT 模  型 '
    """
    return "".join(f" {character} " if _is_chinese(character) else character for character in text)


def strip_accents(text: str) -> str:
    """Take the marks off letters: decompose (NFD), then drop what takes no space of its own.

    Args:
        text: Any text.

    Returns:
        The text without combining marks.

    Example:
        >>> strip_accents("café Ångström")
        'cafe Angstrom'
    """
    return "".join(
        character for character in unicodedata.normalize("NFD", text) if unicodedata.category(character) != "Mn"
    )


def lower_case(text: str) -> str:
    """Lower-case each character by itself, so that a capital sigma is ``σ`` wherever it stands.

    Args:
        text: Any text.

    Returns:
        The text in lower case.

    Example:
        >>> lower_case("ΣΟΦΟΣ")
        'σοφοσ'
    """
    return "".join(map(str.lower, text))


def split_words(text: str) -> list[str]:
    """Split at white space and put each punctuation mark by itself.

    Args:
        text: Any text.

    Returns:
        The words and marks.

    Example:
        >>> split_words("don't [SEP]!")
        ['don', "'", 't', '[', 'SEP', ']', '!']
    """
    spaced = "".join(f" {character} " if _is_punctuation(character) else character for character in text)
    return [word for word in _SPACE.split(spaced) if word]


def _is_control(character: str) -> bool:
    return character in "\x00\ufffd" or unicodedata.category(character) in ("Cc", "Cf", "Co")


def _is_chinese(character: str) -> bool:
    return any(first <= ord(character) <= last for first, last in _CHINESE)


def _is_punctuation(character: str) -> bool:
    """ASCII symbols such as ``$`` and ``^`` count as punctuation, though Unicode has them elsewhere."""
    if ord(character) < 128:
        return character.isprintable() and not character.isalnum() and character != " "
    return unicodedata.category(character).startswith("P")
