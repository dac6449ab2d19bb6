"""What every tokenizer can do: special tokens, pairs, saving and loading; its own part is encoding plain text."""

import os
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import TypeVar

from minillm.errors import FormatError, InvalidInput
from minillm.tokenizers.special import SpecialSplitter, SpecialToken
from minillm.tokenizers.template import Template

AnyTokenizer = TypeVar("AnyTokenizer", bound="Tokenizer")


class Tokenizer(ABC):
    """Text to token ids and back.

    Ids run from 0 to ``vocab_size - 1`` without a gap, special tokens included.

    Args:
        vocabulary: Id of each ordinary token, as it is written in a vocabulary file.
        special_tokens: Tokens that text produces only where the caller allows it.
        template: What ``encode_pair`` puts around texts.

    Raises:
        InvalidInput: Ids with gaps or given twice; a token both ordinary and special; a template with unknown marks.
    """

    def __init__(
        self, vocabulary: dict[str, int], special_tokens: Sequence[SpecialToken] = (), template: Template | None = None
    ) -> None:
        self.vocabulary = vocabulary
        self.special_tokens = tuple(sorted(special_tokens, key=lambda token: token.id))
        self.special_ids = {token.text: token.id for token in special_tokens}
        self.template = template or Template()
        self._splitter = SpecialSplitter(self.special_tokens)
        both = vocabulary.keys() & self.special_ids.keys()
        if both:
            raise InvalidInput(f"{min(both)!r} is both an ordinary and a special token: it can be only one of them")
        self._tokens = _by_id(vocabulary | self.special_ids)
        missing = self.template.marks() - self.special_ids.keys()
        if missing:
            raise InvalidInput(f"the template puts in {min(missing)!r}, which is no special token")

    @property
    def vocab_size(self) -> int:
        """Number of ids, special tokens included."""
        return len(self._tokens)

    def encode(self, text: str, allowed_special: str | Collection[str] = ()) -> list[int]:
        """Turn a text into token ids; nothing is put in front or behind.

        Args:
            text: Any text.
            allowed_special: Special tokens that the text may contain: ``"all"`` or a set. One that is not allowed is
                encoded like any other text, so that nobody can smuggle in a mark.

        Returns:
            The ids.

        Raises:
            InvalidInput: The text holds a lone surrogate (half a character), or ``allowed_special`` is not understood.

        Example:
            >>> from minillm.tokenizers import ByteBPE
            >>> tokenizer = ByteBPE.train(["a b"], 257, special_tokens=["<|end|>"])
            >>> len(tokenizer.encode("<|end|>")), tokenizer.encode("<|end|>", allowed_special="all")
            (7, [256])
        """
        try:
            text.encode("utf-8")
        except UnicodeEncodeError as error:
            raise InvalidInput(f"character {error.start} of the text is a lone surrogate: half a character") from None
        ids: list[int] = []
        for part in self._splitter.split(text, allowed_special):
            if isinstance(part, SpecialToken):
                ids.append(part.id)
            else:
                ids.extend(self._encode_plain(part))
        return ids

    def encode_pair(
        self, first: str, second: str | None = None, allowed_special: str | Collection[str] = ()
    ) -> tuple[list[int], list[int]]:
        """Encode one text or two with the marks around them that the template says.

        Args:
            first: The first text.
            second: The second text, or None for a single one.
            allowed_special: As for ``encode``.

        Returns:
            Token ids and the segment (0 or 1) of each.

        Raises:
            InvalidInput: As ``encode``.

        Example:
            >>> from minillm.tokenizers import WordPiece
            >>> WordPiece.train(["a b"], 10).encode_pair("a", "b")
            ([2, 5, 3, 6, 3], [0, 0, 0, 1, 1])

        Source: book equation (2.19).
        """
        tail = None if second is None else self.encode(second, allowed_special)
        return self.template.fill(self.encode(first, allowed_special), tail, self.special_ids)

    def decode(self, ids: Iterable[int], skip_special: bool = False) -> str:
        """Turn token ids back into text.

        Args:
            ids: Token ids.
            skip_special: Leave out the special tokens (added words stay).

        Returns:
            The text; bytes that are not UTF-8 come out as the replacement character.

        Raises:
            InvalidInput: An id outside the vocabulary.

        Example:
            >>> from minillm.tokenizers import CharacterTokenizer
            >>> CharacterTokenizer.train(["abc"]).decode([2, 0, 1])
            'cab'
        """
        known = [self.check_id(id) for id in ids]
        if skip_special:
            control = {token.id for token in self.special_tokens if token.control}
            known = [id for id in known if id not in control]
        return self._decode(known)

    def check_id(self, id: int) -> int:
        """Refuse an id outside the vocabulary.

        Args:
            id: A token id.

        Returns:
            The id.

        Raises:
            InvalidInput: It is below 0 or not below ``vocab_size``.

        Example:
            >>> from minillm.tokenizers import CharacterTokenizer
            >>> CharacterTokenizer.train(["abc"]).check_id(2)
            2
        """
        if not 0 <= id < len(self._tokens):
            raise InvalidInput(f"token id {id} lies outside the vocabulary: ids run from 0 to {self.vocab_size - 1}")
        return int(id)

    def token(self, id: int) -> str:
        """How a token is written in the vocabulary file, for looking at.

        Args:
            id: A token id.

        Returns:
            The token.

        Raises:
            InvalidInput: An id outside the vocabulary.

        Example:
            >>> from minillm.tokenizers import CharacterTokenizer
            >>> CharacterTokenizer.train(["abc"]).token(1)
            'b'
        """
        return self._tokens[self.check_id(id)]

    def save(self, folder: str | os.PathLike[str]) -> Path:
        """Write ``tokenizer.json`` and ``tokenizer_config.json``, which the ``tokenizers`` library loads too.

        Args:
            folder: Where to; made if it is not there.

        Returns:
            The path of ``tokenizer.json``.

        Raises:
            OSError: The folder cannot be made or written.

        Example:
            >>> from minillm.tokenizers import CharacterTokenizer
            >>> CharacterTokenizer.train(["abc"]).save("my-tokenizer")  # doctest: +SKIP
            PosixPath('my-tokenizer/tokenizer.json')
        """
        from minillm.tokenizers.tokenizer_json import save_tokenizer

        return save_tokenizer(self, folder)

    @classmethod
    def load(cls: type[AnyTokenizer], folder: str | os.PathLike[str]) -> AnyTokenizer:
        """Read a tokenizer of this kind from a folder; ``load_tokenizer`` reads any kind.

        Args:
            folder: Holds ``tokenizer.json``.

        Returns:
            The tokenizer.

        Raises:
            FormatError: The file is missing, damaged, of another kind or uses something we do not have.

        Example:
            >>> from minillm.tokenizers import ByteBPE
            >>> ByteBPE.load("my-tokenizer")  # doctest: +SKIP
        """
        from minillm.tokenizers.tokenizer_json import load_tokenizer

        tokenizer = load_tokenizer(folder)
        if not isinstance(tokenizer, cls):
            raise FormatError(f"{folder} holds a {type(tokenizer).__name__}, not a {cls.__name__}: use load_tokenizer")
        return tokenizer

    @abstractmethod
    def _encode_plain(self, text: str) -> list[int]:
        """Encode text in which no special token is looked for."""

    @abstractmethod
    def _decode(self, ids: list[int]) -> str:
        """Decode ids that are all known."""


def _by_id(ids: dict[str, int]) -> list[str]:
    """The tokens in the order of their ids; every id from 0 on must be there once."""
    tokens: dict[int, str] = {}
    for token, id in ids.items():
        if id in tokens:
            raise InvalidInput(f"tokens {tokens[id]!r} and {token!r} have the same id {id}")
        tokens[id] = token
    for id in range(len(tokens)):
        if id not in tokens:
            raise InvalidInput(f"no token has id {id}: the ids of {len(tokens)} tokens run from 0 to {len(tokens) - 1}")
    return [tokens[id] for id in range(len(tokens))]
