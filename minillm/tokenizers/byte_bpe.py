"""Byte-level byte-pair encoding, the tokenizer of GPT-2 and of most models after it: no text is unknown to it."""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from minillm.errors import InvalidInput
from minillm.tokenizers.base import Tokenizer
from minillm.tokenizers.bpe_trainer import learn_merges
from minillm.tokenizers.byte_alphabet import BYTES_IN_ORDER, show_bytes
from minillm.tokenizers.merging import merge_symbols
from minillm.tokenizers.patterns import compile_pattern
from minillm.tokenizers.special import SpecialToken
from minillm.tokenizers.template import Template

CACHED_PIECES = 1 << 16


class ByteBPE(Tokenizer):
    """Merges of neighboring bytes, applied inside each pre-token.

    Args:
        ids: Id of each token's bytes; all 256 single bytes are among them.
        merges: Pairs of tokens in the order in which they are joined.
        pattern: Name of the pre-tokenization pattern, see ``compile_pattern``.
        special_tokens: Marks with their ids.
        template: What ``encode_pair`` puts around texts.
        composed: Bring text to Unicode's composed form (NFC) first, as Qwen does.
        whole_words: Take a pre-token that is itself a token whole, even where no merges lead to it, as Llama 3 does.

    Raises:
        InvalidInput: A byte is missing; a merge is given twice or of or into something that is no token; else as
            ``Tokenizer``.

    Example:
        >>> tokenizer = ByteBPE.train(["low lower lowest"], 260)
        >>> [tokenizer.token(id) for id in tokenizer.encode("slow")]
        ['s', 'low']
        >>> tokenizer.decode(tokenizer.encode("naïve 你好 🙂"))
        'naïve 你好 🙂'

    Source: Radford et al. 2019, section 2.2; Sennrich et al. 2016.
    """

    def __init__(
        self,
        ids: Mapping[bytes, int],
        merges: Sequence[tuple[bytes, bytes]],
        pattern: str = "gpt2",
        special_tokens: Sequence[SpecialToken] = (),
        template: Template | None = None,
        composed: bool = False,
        whole_words: bool = False,
    ) -> None:
        super().__init__({show_bytes(token): id for token, id in ids.items()}, special_tokens, template)
        missing = [byte for byte in range(256) if bytes([byte]) not in ids]
        if missing:
            raise InvalidInput(f"byte 0x{missing[0]:02X} is no token: all 256 bytes must be, or some text has no ids")
        self.ids = dict(ids)
        self.merges = list(merges)
        self.pattern, self.composed, self.whole_words = pattern, composed, whole_words
        self._pattern = compile_pattern(pattern)
        self._bytes = {id: token for token, id in ids.items()}
        self._bytes |= {token.id: token.text.encode() for token in self.special_tokens}
        self._byte_ids = [ids[bytes([byte])] for byte in range(256)]
        self._ranks = _ranks(self.ids, self.merges)
        self._cache: dict[str, list[int]] = {}

    @classmethod
    def train(
        cls,
        texts: Iterable[str],
        vocab_size: int,
        special_tokens: Sequence[str] = (),
        pattern: str = "gpt2",
        min_count: int = 2,
    ) -> "ByteBPE":
        """Learn a vocabulary.

        The bytes have the ids 0 to 255 in GPT-2's order (``!`` is 0), then come the merges in the order learned, by
        the rule that ``learn_merges`` states, then the special tokens.

        Args:
            texts: The texts.
            vocab_size: Number of ids, at least 256 and one a special token; fewer come out where the texts do not hold
                enough pairs.
            special_tokens: Marks, for example ``["<|endoftext|>"]``.
            pattern: Name of the pre-tokenization pattern.
            min_count: A pair that occurs less often is not joined.

        Returns:
            The tokenizer.

        Raises:
            InvalidInput: ``vocab_size`` is too small, ``min_count`` below 1 or the pattern unknown.

        Example:
            >>> ByteBPE.train(["aa aa"], 300).merges
            [(b'a', b'a')]
        """
        merges = vocab_size - 256 - len(special_tokens)
        if merges < 0 or min_count < 1:
            raise InvalidInput(
                f"vocab_size is {vocab_size} and min_count {min_count}: the 256 bytes and {len(special_tokens)} "
                f"special tokens need a vocab_size of {256 + len(special_tokens)} or more, and min_count is 1 or more"
            )
        compiled = compile_pattern(pattern)
        words = Counter(piece for text in texts for piece in compiled.findall(text))
        learned = learn_merges({word.encode(): count for word, count in words.items()}, merges, min_count)
        tokens = [bytes([byte]) for byte in BYTES_IN_ORDER] + [left + right for left, right in learned]
        special = [SpecialToken(text, len(tokens) + number) for number, text in enumerate(special_tokens)]
        return cls({token: id for id, token in enumerate(tokens)}, learned, pattern, special)

    @classmethod
    def from_ranks(
        cls, ranks: Mapping[bytes, int], pattern: str = "gpt2", special_tokens: Mapping[str, int] | None = None
    ) -> "ByteBPE":
        """Read tiktoken's form, in which a token's id is the rank of the merge that makes it.

        The two parts of each token are found again by encoding it with the merges before it.

        Args:
            ranks: Id of each token's bytes.
            pattern: Name of the pre-tokenization pattern.
            special_tokens: Id of each mark.

        Returns:
            The tokenizer.

        Raises:
            InvalidInput: A token that the tokens before it do not lead to.

        Example:
            >>> tokenizer = ByteBPE.train(["low lower"], 258)
            >>> ByteBPE.from_ranks(tokenizer.ids).merges == tokenizer.merges
            True
        """
        known: dict[tuple[int, int], tuple[int, int]] = {}
        merges = []
        for token, id in sorted(ranks.items(), key=lambda item: item[1]):
            if len(token) == 1:
                continue
            parts = merge_symbols([ranks.get(bytes([byte]), -1) for byte in token], known)
            if len(parts) != 2:
                raise InvalidInput(f"token {token!r} (rank {id}) is not the union of two tokens of lower rank")
            known[parts[0], parts[1]] = (id, id)
            merges.append((parts[0], parts[1]))
        spelled = {id: token for token, id in ranks.items()}
        special = [SpecialToken(text, id) for text, id in (special_tokens or {}).items()]
        return cls(ranks, [(spelled[left], spelled[right]) for left, right in merges], pattern, special)

    def encode_bytes(self, data: bytes) -> list[int]:
        r"""Encode any bytes, also such as are no text.

        Args:
            data: The bytes; where they are UTF-8 the ids are those of ``encode`` (without ``composed``).

        Returns:
            The ids.

        Example:
            >>> tokenizer = ByteBPE.train([""], 256)
            >>> tokenizer.decode_bytes(tokenizer.encode_bytes(b"\xff\x00"))
            b'\xff\x00'
        """
        return self._encode_pieces(data.decode("utf-8", "surrogateescape"))

    def decode_bytes(self, ids: Iterable[int]) -> bytes:
        r"""The bytes behind ids: one token may hold only a part of a character.

        Args:
            ids: Token ids.

        Returns:
            The bytes.

        Raises:
            InvalidInput: An id outside the vocabulary.

        Example:
            >>> tokenizer = ByteBPE.train([""], 256)
            >>> tokenizer.decode_bytes(tokenizer.encode("é")[:1])
            b'\xc3'
        """
        return b"".join([self._bytes[self.check_id(id)] for id in ids])

    def _encode_plain(self, text: str) -> list[int]:
        return self._encode_pieces(unicodedata.normalize("NFC", text) if self.composed else text)

    def _encode_pieces(self, text: str) -> list[int]:
        ids: list[int] = []
        for piece in self._pattern.findall(text):
            known = self._cache.get(piece)
            ids.extend(self._encode_piece(piece) if known is None else known)
        return ids

    def _encode_piece(self, piece: str) -> list[int]:
        data = piece.encode("utf-8", "surrogateescape")
        if self.whole_words and data in self.ids:
            ids = [self.ids[data]]
        else:
            ids = merge_symbols([self._byte_ids[byte] for byte in data], self._ranks)
        if len(self._cache) >= CACHED_PIECES:
            self._cache.clear()
        if len(data) <= 64:
            self._cache[piece] = ids
        return ids

    def _decode(self, ids: list[int]) -> str:
        return self.decode_bytes(ids).decode("utf-8", errors="replace")


def _ranks(ids: Mapping[bytes, int], merges: Sequence[tuple[bytes, bytes]]) -> dict[tuple[int, int], tuple[int, int]]:
    """For each pair of ids its rank and the id of its union."""
    ranks: dict[tuple[int, int], tuple[int, int]] = {}
    for rank, (left, right) in enumerate(merges):
        unknown = [token for token in (left, right, left + right) if token not in ids]
        if unknown:
            raise InvalidInput(f"merge {rank} of {left!r} and {right!r}: {unknown[0]!r} is no token")
        pair = (ids[left], ids[right])
        if pair in ranks:
            raise InvalidInput(f"merge {rank} of {left!r} and {right!r} is given twice")
        ranks[pair] = (rank, ids[left + right])
    return ranks
