"""The patterns that cut a text into pre-tokens: merges never cross their borders."""

import regex

from minillm.errors import InvalidInput

PATTERNS: dict[str, str] = {
    "gpt2": r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
    "llama3": (
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
        r"|\s*[\r\n]+|\s+(?!\S)|\s+"
    ),
    "qwen2": (
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
        r"|\s*[\r\n]+|\s+(?!\S)|\s+"
    ),
}


def compile_pattern(name: str) -> "regex.Pattern[str]":
    """The pre-tokenization pattern of a model family.

    Args:
        name: ``"gpt2"`` (GPT-2, BART), ``"llama3"`` (GPT-4, Llama 3: numbers in groups of three digits) or ``"qwen2"``
            (Qwen2, Qwen3: digits one by one).

    Returns:
        A pattern whose matches, put together, are the text.

    Raises:
        InvalidInput: Another name.

    Example:
        >>> compile_pattern("gpt2").findall("Don't stop,  2024!")
        ['Don', "'t", ' stop', ',', ' ', ' 2024', '!']

    Source: Radford et al. 2019 (the published encoder); the ``tokenizer.json`` of Llama 3 and Qwen2.
    """
    if name not in PATTERNS:
        raise InvalidInput(f"pattern is {name!r}: choose one of {', '.join(PATTERNS)}")
    return regex.compile(PATTERNS[name])
