"""WordPiece, BERT's tokenizer: words from a basic pre-tokenization, cut greedily into the longest known pieces."""

from collections import Counter
from collections.abc import Iterable, Sequence

from minillm.errors import InvalidInput
from minillm.tokenizers import bert_text
from minillm.tokenizers.base import Tokenizer
from minillm.tokenizers.special import SpecialToken
from minillm.tokenizers.template import Template
from minillm.tokenizers.wordpiece_trainer import PieceLearner

BERT_SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


class WordPiece(Tokenizer):
    """Greedy longest match from the left; pieces inside a word begin with ``##``.

    Args:
        vocabulary: Id of each ordinary piece.
        special_tokens: Marks with their ids; ``unknown`` is among them.
        template: What ``encode_pair`` puts around texts.
        lowercase: Lower-case the text.
        strip_accents: Take accents off letters; None does as ``lowercase`` says.
        clean: Drop control characters.
        chinese: Make each Chinese character a word.
        cleanup: Decoding leaves out the space before ``.``, ``?``, ``!`` and ``,``.
        unknown: Stands for a word that cannot be cut into known pieces.
        prefix: What marks a piece that continues a word.
        longest_word: Words of more characters are unknown.

    Raises:
        InvalidInput: ``unknown`` is no special token, ``prefix`` is empty, ``longest_word`` below 1; see ``Tokenizer``.

    Example:
        >>> special = [SpecialToken("[UNK]", 0)]
        >>> tokenizer = WordPiece({"high": 1, "##est": 2}, special)
        >>> [tokenizer.token(id) for id in tokenizer.encode("Highest peak")]
        ['high', '##est', '[UNK]']

    Source: book section 2.3.1 and erratum E19; Devlin et al. 2019.
    """

    def __init__(
        self,
        vocabulary: dict[str, int],
        special_tokens: Sequence[SpecialToken],
        template: Template | None = None,
        *,
        lowercase: bool = True,
        strip_accents: bool | None = None,
        clean: bool = True,
        chinese: bool = True,
        cleanup: bool = True,
        unknown: str = "[UNK]",
        prefix: str = "##",
        longest_word: int = 100,
    ) -> None:
        super().__init__(vocabulary, special_tokens, template)
        if unknown not in self.special_ids:
            raise InvalidInput(f"unknown is {unknown!r}, which is no special token here")
        if not prefix or longest_word < 1:
            raise InvalidInput(f"prefix is {prefix!r} and longest_word {longest_word}: a text and a number from 1 on")
        self.lowercase, self.strip_accents, self.clean, self.chinese = lowercase, strip_accents, clean, chinese
        self.cleanup, self.unknown, self.prefix, self.longest_word = cleanup, unknown, prefix, longest_word

    @classmethod
    def train(
        cls,
        texts: Iterable[str],
        vocab_size: int,
        special_tokens: Sequence[str] = BERT_SPECIAL,
        *,
        lowercase: bool = True,
        min_count: int = 2,
    ) -> "WordPiece":
        """Learn a vocabulary by the likelihood score, see ``PieceLearner``.

        Args:
            texts: The texts.
            vocab_size: Number of ids; there is room for the special tokens and all characters, or it is refused.
            special_tokens: Marks, which get the first ids; ``[UNK]`` is among them; with ``[CLS]`` and ``[SEP]`` the
                tokenizer has BERT's template.
            lowercase: Lower-case the text and take accents off.
            min_count: A pair that occurs less often is not joined.

        Returns:
            The tokenizer.

        Raises:
            InvalidInput: ``vocab_size`` is too small, ``min_count`` below 1 or ``[UNK]`` missing.

        Example:
            >>> tokenizer = WordPiece.train(["high higher highest fast fastest"], 30)
            >>> [tokenizer.token(id) for id in tokenizer.encode("fast")]
            ['fast']
        """
        words = Counter(word for text in texts for word in bert_text.split_words(_normalize(text, lowercase)))
        learner = PieceLearner(words, min_count=min_count)
        room = vocab_size - len(special_tokens)
        if room < len(learner.pieces) or min_count < 1:
            raise InvalidInput(
                f"vocab_size is {vocab_size} and min_count {min_count}: {len(special_tokens)} special tokens and "
                f"{len(learner.pieces)} characters need a larger vocab_size; min_count is 1 or more"
            )
        pieces = [piece for piece in learner.grow(room) if piece not in special_tokens]
        special = [SpecialToken(text, id) for id, text in enumerate(special_tokens)]
        template = Template.bert("[CLS]", "[SEP]") if {"[CLS]", "[SEP]"} <= set(special_tokens) else None
        ids = {piece: len(special) + number for number, piece in enumerate(pieces)}
        return cls(ids, special, template, lowercase=lowercase)

    def words(self, text: str) -> list[str]:
        """The words and marks that the text is made of before it is cut into pieces.

        Args:
            text: Any text.

        Returns:
            The words, normalized.

        Example:
            >>> WordPiece({}, [SpecialToken("[UNK]", 0)]).words("Él dijo: 你好!")
            ['el', 'dijo', ':', '你', '好', '!']
        """
        text = _normalize(text, self.lowercase, self.strip_accents, self.clean, self.chinese)
        return bert_text.split_words(text)

    def _encode_plain(self, text: str) -> list[int]:
        return [id for word in self.words(text) for id in self._cut(word)]

    def _cut(self, word: str) -> list[int]:
        unknown = [self.special_ids[self.unknown]]
        if len(word) > self.longest_word:
            return unknown
        ids: list[int] = []
        start = 0
        while start < len(word):
            mark = self.prefix if start else ""
            for stop in range(len(word), start, -1):
                id = self.vocabulary.get(mark + word[start:stop])
                if id is not None:
                    ids.append(id)
                    start = stop
                    break
            else:
                return unknown
        return ids

    def _decode(self, ids: list[int]) -> str:
        parts: list[str] = []
        for token in (self._tokens[id] for id in ids):
            if parts and token.startswith(self.prefix):
                parts.append(token.removeprefix(self.prefix))
            elif parts and not (self.cleanup and token in (".", "?", "!", ",")):
                parts.append(f" {token}")
            else:
                parts.append(token)
        return "".join(parts)


def _normalize(
    text: str, lowercase: bool, accents: bool | None = None, clean: bool = True, chinese: bool = True
) -> str:
    """The steps of BERT's normalizer, in its order."""
    if clean:
        text = bert_text.clean_text(text)
    if chinese:
        text = bert_text.space_chinese(text)
    if lowercase if accents is None else accents:
        text = bert_text.strip_accents(text)
    return bert_text.lower_case(text) if lowercase else text
