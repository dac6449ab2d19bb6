"""One token a character: the smallest tokenizer that works, and the baseline of all others."""

from collections.abc import Iterable, Sequence

from minillm.errors import InvalidInput
from minillm.tokenizers.base import Tokenizer
from minillm.tokenizers.special import SpecialToken
from minillm.tokenizers.template import Template


class CharacterTokenizer(Tokenizer):
    """Each Unicode character (code point) is a token.

    Args:
        vocabulary: Id of each character.
        special_tokens: Marks with their ids.
        unknown: The special token that stands for characters not in the vocabulary; None refuses them.
        template: What ``encode_pair`` puts around texts.

    Raises:
        InvalidInput: A token of the vocabulary is not one character; ``unknown`` is no special token; else as
            ``Tokenizer``.

    Example:
        >>> tokenizer = CharacterTokenizer.train(["hello"])
        >>> tokenizer.encode("hole"), tokenizer.vocab_size
        ([1, 3, 2, 0], 4)
    """

    def __init__(
        self,
        vocabulary: dict[str, int],
        special_tokens: Sequence[SpecialToken] = (),
        unknown: str | None = None,
        template: Template | None = None,
    ) -> None:
        long = [token for token in vocabulary if len(token) != 1]
        if long:
            raise InvalidInput(f"{long[0]!r} is not one character: longer tokens are given as special tokens")
        super().__init__(vocabulary, special_tokens, template)
        if unknown is not None and unknown not in self.special_ids:
            raise InvalidInput(f"unknown is {unknown!r}, which is no special token here")
        self.unknown = unknown

    @classmethod
    def train(
        cls, texts: Iterable[str], special_tokens: Sequence[str] = (), unknown: str | None = None
    ) -> "CharacterTokenizer":
        """Collect the characters of some texts, in the order of their code points.

        Args:
            texts: The texts.
            special_tokens: Marks; their ids follow those of the characters.
            unknown: Mark for characters that do not occur here, for example ``"<unk>"``; its id comes last.

        Returns:
            The tokenizer.

        Raises:
            InvalidInput: A mark is a single character of the texts, empty or given twice.

        Example:
            >>> CharacterTokenizer.train(["ab"], unknown="<unk>").encode("abc")
            [0, 1, 2]
        """
        characters = sorted(set().union(*texts))
        names = [*special_tokens, *([unknown] if unknown is not None and unknown not in special_tokens else [])]
        special = [SpecialToken(name, len(characters) + number) for number, name in enumerate(names)]
        return cls({character: id for id, character in enumerate(characters)}, special, unknown)

    def _encode_plain(self, text: str) -> list[int]:
        if self.unknown is not None:
            unknown = self.special_ids[self.unknown]
            return [self.vocabulary.get(character, unknown) for character in text]
        try:
            return [self.vocabulary[character] for character in text]
        except KeyError as error:
            character = error.args[0]
            raise InvalidInput(
                f"character {character!r} (U+{ord(character):04X}) is not in the vocabulary of {len(self.vocabulary)} "
                "characters: leave it out, or train the tokenizer with unknown='<unk>'"
            ) from None

    def _decode(self, ids: list[int]) -> str:
        return "".join(self._tokens[id] for id in ids)
