"""Tokens as text, piece by piece, without ever showing half a character."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol, runtime_checkable

import torch

from minillm.generation.checks import end_tokens
from minillm.generation.loop import stream
from minillm.generation.reader import LanguageModel

_HALF = "\ufffd"
_WINDOW, _KEPT = 64, 8


@runtime_checkable
class TextCodec(Protocol):
    """A tokenizer, as far as it is needed here."""

    def encode(self, text: str) -> list[int]:
        """Ids of a text."""
        ...

    def decode(self, ids: Iterable[int]) -> str:
        """Text of some ids, with U+FFFD in the place of bytes that are no character."""
        ...


class TextStream:
    """Text of tokens that arrive one by one.

    A character may be spread over several tokens of a byte-level tokenizer. What may still become one is held back
    until it is complete, or until it is certain that it never will be.

    Args:
        tokenizer: Decodes ids; more ids must not change the text of those before, but for an incomplete character.

    Example:
        >>> from minillm.tokenizers import ByteBPE
        >>> tokenizer = ByteBPE.train(["a"], 256)
        >>> pieces = TextStream(tokenizer)
        >>> [pieces.push(id) for id in tokenizer.encode("né")], pieces.flush()
        (['n', '', 'é'], '')

    Source: this project.
    """

    def __init__(self, tokenizer: TextCodec) -> None:
        self.tokenizer = tokenizer
        self._ids: list[int] = []
        self._shown = 0

    def push(self, id: int) -> str:
        """Take one more token.

        Args:
            id: The token.

        Returns:
            The text that it completes, often a piece of a word, sometimes nothing.
        """
        self._ids.append(id)
        text = self.tokenizer.decode(self._ids)
        # An incomplete character at the end shows as one U+FFFD, whatever it lacks.
        whole = text.removesuffix(_HALF)
        piece, self._shown = whole[self._shown :], len(whole)
        if len(self._ids) > _WINDOW and whole == text:
            # So that a long text is not decoded from its beginning every time.
            self._ids = self._ids[-_KEPT:]
            self._shown = len(self.tokenizer.decode(self._ids))
        return piece

    def flush(self) -> str:
        """End the text.

        Returns:
            What was held back: nothing, or U+FFFD for a character that was never completed.
        """
        rest = self.tokenizer.decode(self._ids)[self._shown :]
        self._ids, self._shown = [], 0
        return rest


def stream_text(
    model: LanguageModel,
    tokenizer: TextCodec,
    prompt: str | Sequence[int],
    *,
    max_new_tokens: int,
    eos: int | Sequence[int] | None = None,
    **options: Any,
) -> Iterator[str]:
    """The continuation of one prompt, as text, each piece as soon as it is known.

    Args:
        model: As in :func:`minillm.generation.generate`.
        tokenizer: Turns the prompt into ids and the new ids into text.
        prompt: A text, or its ids.
        max_new_tokens: Most tokens added.
        eos: Token or tokens that end the text; they are not shown.
        options: Those of :func:`minillm.generation.stream`, such as ``temperature``.

    Returns:
        Pieces that together are the new text.

    Raises:
        InvalidInput: As in :func:`minillm.generation.generate`; also for an empty prompt.

    Example:
        >>> from minillm.models import GPT, GPTConfig
        >>> from minillm.tokenizers import ByteBPE
        >>> model, tokenizer = GPT(GPTConfig.tiny()), ByteBPE.train(["a"], 256)
        >>> isinstance("".join(stream_text(model, tokenizer, "Return", max_new_tokens=5)), str)
        True

    Source: this project.
    """
    ids = tokenizer.encode(prompt) if isinstance(prompt, str) else list(prompt)
    batch = torch.tensor([ids], dtype=torch.long, device=next(iter(model.parameters())).device)
    tokens = stream(model, batch, max_new_tokens=max_new_tokens, eos=eos, **options)
    return _pieces(tokens, TextStream(tokenizer), end_tokens(eos, None)[0])


def _pieces(tokens: Iterator[torch.Tensor], text: TextStream, ends: tuple[int, ...]) -> Iterator[str]:
    for token in tokens:
        id = int(token)
        piece = "" if id in ends else text.push(id)
        if piece:
            yield piece
    rest = text.flush()
    if rest:
        yield rest
