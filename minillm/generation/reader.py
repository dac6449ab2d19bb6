"""A model together with the text it has read: what every way of decoding asks for the next token's logits."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol, runtime_checkable

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from minillm.errors import InvalidInput
from minillm.nn import KVCache, positions_from_mask


@runtime_checkable
class LanguageModel(Protocol):
    """A model of :mod:`minillm.models`, or another that is called in the same way.

    One with a method ``encode`` as well is an encoder-decoder: its prompt is the source text.
    """

    config: Any
    training: bool

    def __call__(self, *args: Any, **kwargs: Any) -> Tensor:
        """Logits, (batch, 1, vocab) with ``last=True``."""
        ...

    def hidden(self, *args: Any, **kwargs: Any) -> Tensor:
        """Hidden states, (batch, time, width)."""
        ...

    def head(self, hidden: Tensor) -> Tensor:
        """Logits of hidden states."""
        ...

    def new_cache(self, batch: int, length: int) -> KVCache:
        """Room for keys and values."""
        ...

    def parameters(self) -> Iterable[Tensor]:
        """Weights."""
        ...

    def modules(self) -> Iterable[Any]:
        """The model and its parts."""
        ...


class Reader:
    """A batch of texts that grow token by token.

    The ids of prompt and new tokens stand in one tensor that is allocated once, like the cache; a step writes one
    column of it.

    Args:
        model: The model.
        ids: Prompts; for an encoder-decoder the sources.
        new: Most tokens that will be added.
        mask: True at real tokens, False at padding, which must stand on the left (on either side in a source).
        start: An encoder-decoder's first target ids; ``config.start_id`` by default.
        slide: Where the text outgrows the model's context, go on with its last half instead of refusing.

    Attributes:
        ids: The texts; columns from ``length`` on are not filled yet.
        length: Columns filled.
        prompt: Columns filled at the beginning.

    Raises:
        InvalidInput: The text may outgrow the model's context, an id is no token of the model, or the mask does not
            fit the ids.

    Source:
        This project; left padding as in transformers: positions count real tokens only.
    """

    def __init__(
        self,
        model: LanguageModel,
        ids: Int[Tensor, "batch time"],
        new: int,
        *,
        mask: Bool[Tensor, "batch keys"] | None = None,
        start: int | Int[Tensor, "batch begin"] | None = None,
        slide: bool = False,
    ) -> None:
        self.model = model
        _check_ids(model, ids, mask)
        self._arguments: dict[str, Any] = {}
        self._before: tuple[None, ...] = ()
        if hasattr(model, "encode"):
            memory = model.encode(ids, source_mask=mask)
            self._arguments, self._before = {"memory": memory, "source_mask": mask}, (None,)
            ids, mask, slide = _first_targets(model, ids, start), None, False
        elif start is not None:
            raise InvalidInput("start= is for encoder-decoders; put the first tokens of this model's text into ids.")
        elif mask is not None and not bool(mask[:, -1].all()):
            raise InvalidInput("The mask hides the last token of a row: pad prompts on the left, not on the right.")
        batch, self.prompt = ids.shape
        total, context = self.prompt + new, getattr(model.config, "context", None) or self.prompt + new
        if total > context and not slide:
            raise InvalidInput(
                f"{self.prompt} tokens and {new} new ones exceed the model's context of {context}; shorten the prompt, "
                f"ask for at most {max(context - self.prompt, 0)} new tokens, or set slide=True where it can slide."
            )
        self.ids = ids.new_zeros(batch, total)
        self.ids[:, : self.prompt] = ids
        self.length = self.prompt
        self.mask = None
        if mask is not None and not bool(mask.all()):
            self.mask = torch.cat([mask, mask.new_ones(batch, new)], dim=1)
        self.cache = model.new_cache(batch, min(total, context))
        self._forget(max(0, self.prompt - context))

    def _forget(self, first: int) -> None:
        """Begin anew at a column: what stands before it is not seen any more."""
        self.first = first
        self.cache.truncate(0)
        if self.mask is not None:
            self._positions = positions_from_mask(self.mask[:, first:])

    def _unread(self) -> tuple[tuple[Tensor | None, ...], dict[str, Any]]:
        """Arguments for the model: the columns that it has not seen, and the mask of all."""
        if self.length - self.first > self.cache.capacity:
            self._forget(self.length - self.cache.capacity // 2)
        seen = self.cache.length
        new = self.ids[:, self.first + seen : self.length]
        if self.mask is None:
            # From the first step on the cache holds what was made of a source, row by row like the rest.
            return (*self._before, new), {} if seen else self._arguments
        end = self.length - self.first
        mask, positions = self.mask[:, self.first : self.length], self._positions[:, seen:end]
        return (*self._before, new), {"mask": mask, "positions": positions}

    def logits(self) -> Float[Tensor, "batch vocab"]:
        """Logits of the token after the last one appended.

        Returns:
            One row a text.
        """
        ids, arguments = self._unread()
        return self.model(*ids, cache=self.cache, last=True, **arguments)[:, 0]

    def hidden(self) -> Float[Tensor, "batch new width"]:
        """Hidden states of the columns not read before.

        Returns:
            One vector a column; ``model.head`` turns them into logits.
        """
        ids, arguments = self._unread()
        return self.model.hidden(*ids, cache=self.cache, **arguments)

    def append(self, tokens: Int[Tensor, "batch"]) -> None:
        """Add a token to each text.

        Args:
            tokens: One a row.
        """
        self.ids[:, self.length] = tokens
        self.length += 1

    def select(self, rows: Int[Tensor, "rows"]) -> None:
        """Go on with the given rows in the given order.

        Args:
            rows: Indices of rows; one may occur several times.
        """
        self.ids = self.ids[rows]
        self.cache.select(rows)
        if self.mask is not None:
            self.mask, self._positions = self.mask[rows], self._positions[rows]

    @property
    def text(self) -> Int[Tensor, "batch length"]:
        """All columns filled so far."""
        return self.ids[:, : self.length]

    @property
    def text_mask(self) -> Bool[Tensor, "batch length"] | None:
        """True at real tokens of :attr:`text`; None where all are."""
        return None if self.mask is None else self.mask[:, : self.length]


def _check_ids(model: LanguageModel, ids: Tensor, mask: Tensor | None) -> None:
    if not ids.numel():
        raise InvalidInput(f"ids are {tuple(ids.shape)}: give at least one row with at least one token.")
    if mask is not None and mask.shape != ids.shape:
        raise InvalidInput(f"The mask is {tuple(mask.shape)}, the ids {tuple(ids.shape)}; give one entry a token.")
    if mask is not None and not bool(mask.any(dim=1).all()):
        raise InvalidInput("A row of the mask hides all its tokens; give every row at least one.")
    vocab = getattr(model.config, "vocab_size", None) or getattr(model.config, "source_vocab", None)
    low, high = int(ids.min()), int(ids.max())
    if vocab is not None and not 0 <= low <= high < vocab:
        raise InvalidInput(f"Ids from {low} to {high} were given; the model knows 0 to {vocab - 1}.")


def _first_targets(model: LanguageModel, source: Tensor, start: int | Tensor | None) -> Tensor:
    start = getattr(model.config, "start_id", None) if start is None else start
    if start is None:
        raise InvalidInput("The model's configuration has no start_id: give start=, the id that a target begins with.")
    return start if isinstance(start, Tensor) else source.new_full((len(source), 1), start)


@contextmanager
def evaluating(model: LanguageModel) -> Iterator[None]:
    """Switch dropout off for a while.

    Args:
        model: The model; left in the mode it was in.

    Example:
        >>> from minillm.models import GPT, GPTConfig
        >>> model = GPT(GPTConfig.tiny())
        >>> with evaluating(model):
        ...     print(model.training)
        False

    Source: this project.
    """
    # Each part for itself: some may be out of training within a model that is in it.
    parts = [part for part in model.modules() if part.training] if model.training else []
    for part in parts:
        part.training = False
    try:
        yield
    finally:
        for part in parts:
            part.training = True
