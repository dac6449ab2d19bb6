"""What a tokenizer puts around one text or a pair of texts: BERT's ``[CLS] A [SEP] B [SEP]`` and its kin."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from minillm.errors import InvalidInput

FIRST, SECOND = "$A", "$B"


@dataclass(frozen=True)
class Template:
    """The order of texts, special tokens and segment numbers.

    Attributes:
        single: For one text: pairs of ``"$A"`` or a special token and its segment.
        pair: For two texts: the same with ``"$B"`` for the second.

    Raises:
        InvalidInput: A text is missing, stands twice, or a segment is negative.

    Example:
        >>> Template.bert("[CLS]", "[SEP]").pair[-2:]
        (('$B', 1), ('[SEP]', 1))

    Source: book equations (2.14) and (2.19); Devlin et al. 2019, figure 2.
    """

    single: tuple[tuple[str, int], ...] = ((FIRST, 0),)
    pair: tuple[tuple[str, int], ...] = ((FIRST, 0), (SECOND, 1))

    def __post_init__(self) -> None:
        for pieces, needed in ((self.single, [FIRST]), (self.pair, [FIRST, SECOND])):
            found = sorted(name for name, _ in pieces if name in (FIRST, SECOND))
            if found != needed or any(segment < 0 for _, segment in pieces):
                raise InvalidInput(f"template {pieces} must hold {' and '.join(needed)} once each, and segments from 0")

    @classmethod
    def bert(cls, first: str, separator: str) -> "Template":
        """BERT's: ``[CLS] A [SEP]`` and ``[CLS] A [SEP] B [SEP]``, the second text with its mark in segment 1.

        Args:
            first: The mark in front, ``"[CLS]"``.
            separator: The mark behind each text, ``"[SEP]"``.

        Returns:
            The template.

        Example:
            >>> Template.bert("[CLS]", "[SEP]").single
            (('[CLS]', 0), ('$A', 0), ('[SEP]', 0))
        """
        single = ((first, 0), (FIRST, 0), (separator, 0))
        return cls(single, (*single, (SECOND, 1), (separator, 1)))

    @classmethod
    def bart(cls, first: str, separator: str) -> "Template":
        """BART's and RoBERTa's: ``<s> A </s>`` and ``<s> A </s></s> B </s>``, all in segment 0.

        Args:
            first: The mark in front, ``"<s>"``.
            separator: The mark behind each text, ``"</s>"``.

        Returns:
            The template.

        Example:
            >>> len(Template.bart("<s>", "</s>").pair)
            6
        """
        single = ((first, 0), (FIRST, 0), (separator, 0))
        return cls(single, (*single, (separator, 0), (SECOND, 0), (separator, 0)))

    def marks(self) -> set[str]:
        """The special tokens it puts in.

        Returns:
            Their texts.

        Example:
            >>> sorted(Template.bert("[CLS]", "[SEP]").marks())
            ['[CLS]', '[SEP]']
        """
        return {name for name, _ in self.single + self.pair} - {FIRST, SECOND}

    def fill(
        self, first: Sequence[int], second: Sequence[int] | None, ids: Mapping[str, int]
    ) -> tuple[list[int], list[int]]:
        """Put encoded texts in their places.

        Args:
            first: Ids of the first text.
            second: Ids of the second text, or None for a single text.
            ids: Id of every special token.

        Returns:
            Token ids and the segment of each, of equal length.

        Example:
            >>> Template.bert("[CLS]", "[SEP]").fill([7, 8], [9], {"[CLS]": 1, "[SEP]": 2})
            ([1, 7, 8, 2, 9, 2], [0, 0, 0, 0, 1, 1])
        """
        texts = {FIRST: first, SECOND: second or ()}
        filled: list[int] = []
        segments: list[int] = []
        for name, segment in self.single if second is None else self.pair:
            part = texts[name] if name in texts else [ids[name]]
            filled.extend(part)
            segments.extend([segment] * len(part))
        return filled, segments
