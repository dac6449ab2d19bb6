"""Special tokens: marks such as ``<|endoftext|>`` that no text can produce unless the caller allows it."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

import regex

from minillm.errors import InvalidInput


@dataclass(frozen=True)
class SpecialToken:
    """A token that stands for itself and not for a piece of text.

    Attributes:
        text: How it is written, for example ``"[CLS]"``.
        id: Its id.
        strip_left: Whether it swallows the white space before it (BART's ``<mask>`` does).
        strip_right: Whether it swallows the white space after it.
        control: True for a mark that decoding may leave out; False for an added word such as ``<think>``.

    Example:
        >>> SpecialToken("<|endoftext|>", 50256).control
        True
    """

    text: str
    id: int
    strip_left: bool = False
    strip_right: bool = False
    control: bool = True


class SpecialSplitter:
    """Finds the allowed special tokens in a text; what is not allowed stays ordinary text.

    The longest token wins where several begin at the same place.

    Args:
        tokens: All special tokens of a tokenizer.

    Raises:
        InvalidInput: A token is empty or given twice.

    Example:
        >>> splitter = SpecialSplitter([SpecialToken("<s>", 7)])
        >>> list(splitter.split("a<s>b", "all"))
        ['a', SpecialToken(text='<s>', id=7, strip_left=False, strip_right=False, control=True), 'b']
        >>> list(splitter.split("a<s>b", ()))
        ['a<s>b']
    """

    def __init__(self, tokens: Iterable[SpecialToken]) -> None:
        self.by_text: dict[str, SpecialToken] = {}
        for token in tokens:
            if not token.text or token.text in self.by_text:
                raise InvalidInput(
                    f"special token {token.text!r} is empty or given twice: each needs a text of its own"
                )
            self.by_text[token.text] = token
        self._patterns: dict[frozenset[str], regex.Pattern[str]] = {}

    def split(self, text: str, allowed: str | Collection[str]) -> Iterator[str | SpecialToken]:
        """Cut a text at the allowed special tokens.

        Args:
            text: Any text.
            allowed: ``"all"``, or the special tokens that the text may contain; ``()`` for none.

        Yields:
            Stretches of ordinary text (``str``, not empty) and special tokens, in order.

        Raises:
            InvalidInput: ``allowed`` names something that is no special token.

        Example:
            >>> list(SpecialSplitter([]).split("plain", "all"))
            ['plain']
        """
        names = self._names(allowed)
        if not names:
            if text:
                yield text
            return
        start = 0
        for match in self._pattern(names).finditer(text):
            if match.start() > start:
                yield text[start : match.start()]
            assert match.lastgroup is not None
            yield self.by_text[match[match.lastgroup]]
            start = match.end()
        if start < len(text):
            yield text[start:]

    def _names(self, allowed: str | Collection[str]) -> frozenset[str]:
        if isinstance(allowed, str):
            if allowed != "all":
                raise InvalidInput(
                    f'allowed_special is {allowed!r}: give "all", () for none, or a set of special tokens'
                )
            return frozenset(self.by_text)
        unknown = sorted(set(allowed) - self.by_text.keys())
        if unknown:
            raise InvalidInput(
                f"{unknown[0]!r} is no special token here; there are {', '.join(self.by_text) or 'none'}"
            )
        return frozenset(allowed)

    def _pattern(self, names: frozenset[str]) -> regex.Pattern[str]:
        if names not in self._patterns:
            choices = []
            for number, name in enumerate(sorted(names, key=lambda name: (-len(name), name))):
                token = self.by_text[name]
                left = r"\p{White_Space}*" if token.strip_left else ""
                right = r"\p{White_Space}*" if token.strip_right else ""
                choices.append(f"{left}(?P<t{number}>{regex.escape(name)}){right}")
            self._patterns[names] = regex.compile("|".join(choices))
        return self._patterns[names]
