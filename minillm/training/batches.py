"""Batches as functions of their number: batch 17 is the same whenever it is asked for.

So the position in the data is one integer, and a run that is resumed needs nothing else to see what it would have
seen. Chance, for masking and the like, hangs on the seed and the number as well.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from jaxtyping import Int, Integer
from torch import Tensor

from minillm.errors import InvalidInput
from minillm.training.objectives import IGNORE

Batch = Any
"""Whatever the objective takes: most often a pair of inputs and labels."""


Batches = Callable[[int], Batch]
"""An endless sequence of batches, each made from its number."""


class ShuffledWindows:
    """Windows of a long text in random order: every epoch sees the text once, cut at places of its own.

    Args:
        tokens: The text's ids, in memory or mapped from a file.
        context: Positions the model sees; a window has one token more, so that each has a next one.
        batch: Windows in a batch.
        seed: Decides the cuts and the order.

    Raises:
        InvalidInput: The text is shorter than one window, or a number is below 1.

    Example:
        >>> windows = ShuffledWindows(np.arange(100), context=8, batch=4, seed=0)
        >>> inputs, labels = windows(3)
        >>> inputs.shape, bool((labels == inputs + 1).all())
        (torch.Size([4, 8]), True)

    Source: None; plain book-keeping.
    """

    def __init__(self, tokens: Integer[np.ndarray, "tokens"], context: int, batch: int, seed: int = 0) -> None:
        if context < 1 or batch < 1:
            raise InvalidInput(f"context={context}, batch={batch}: each must be 1 or more")
        if len(tokens) <= context:
            raise InvalidInput(
                f"the text has {len(tokens)} tokens, and one window of context {context} needs {context + 1}: use more "
                "text or a shorter context"
            )
        self.tokens, self.context, self.batch, self.seed = tokens, context, batch, seed
        # One window is given up where there are several, so that the first may begin anywhere in [0, context).
        self.rows = max(1, (len(tokens) - context) // context)
        self._windows = np.lib.stride_tricks.sliding_window_view(tokens, context + 1)
        self._epoch: tuple[int, np.ndarray] = (-1, np.zeros(0, dtype=np.int64))

    def __call__(self, index: int) -> tuple[Int[Tensor, "batch time"], Int[Tensor, "batch time"]]:
        """Make batch ``index``, counted from 0: inputs, and the tokens that come next as labels."""
        numbers = range(index * self.batch, (index + 1) * self.batch)
        starts = [self._starts(number // self.rows)[number % self.rows] for number in numbers]
        windows = torch.from_numpy(self._windows[starts].astype(np.int64))
        return windows[:, :-1], windows[:, 1:]

    def _starts(self, epoch: int) -> np.ndarray:
        """Where each window of an epoch begins, in the order in which they are seen."""
        if self._epoch[0] != epoch:
            chance = np.random.default_rng((self.seed, epoch))
            room = min(self.context, len(self.tokens) - self.rows * self.context)
            self._epoch = epoch, chance.integers(room) + self.context * chance.permutation(self.rows)
        return self._epoch[1]


class AllWindows:
    """Every token of a text as a target exactly once, in order: for the loss on a whole validation part.

    Args:
        tokens: The text's ids.
        context: Positions the model sees.
        batch: Windows in a batch; the last batch is smaller.

    Raises:
        InvalidInput: The text has fewer than two tokens, or a number is below 1.

    Example:
        >>> inputs, labels = next(iter(AllWindows(np.arange(6), context=4, batch=8)))
        >>> inputs.tolist(), labels.tolist()
        ([[0, 1, 2, 3], [4, 0, 0, 0]], [[1, 2, 3, 4], [5, -100, -100, -100]])

    Source: None; plain book-keeping.
    """

    def __init__(self, tokens: Integer[np.ndarray, "tokens"], context: int, batch: int) -> None:
        if context < 1 or batch < 1:
            raise InvalidInput(f"context={context}, batch={batch}: each must be 1 or more")
        if len(tokens) < 2:
            raise InvalidInput(f"the text has {len(tokens)} tokens, and a next token to predict needs 2 or more")
        self.tokens, self.context, self.batch = tokens, context, batch

    def __len__(self) -> int:
        """The number of batches."""
        return -(-(len(self.tokens) - 1) // (self.context * self.batch))

    def __iter__(self) -> Iterator[tuple[Int[Tensor, "batch time"], Int[Tensor, "batch time"]]]:
        """Yield inputs and labels; where the text ends inside a window, the rest of its labels is `IGNORE`."""
        span = self.context * self.batch
        for start in range(0, len(self.tokens) - 1, span):
            piece = torch.from_numpy(self.tokens[start : start + span + 1].astype(np.int64))
            missing = -(len(piece) - 1) % self.context
            inputs = torch.nn.functional.pad(piece[:-1], (0, missing))
            labels = torch.nn.functional.pad(piece[1:], (0, missing), value=IGNORE)
            yield inputs.unflatten(0, (-1, self.context)), labels.unflatten(0, (-1, self.context))


class Transformed:
    """Batches with something done to each, with chance that hangs on the seed and the batch's number alone.

    Args:
        batches: The batches to begin with.
        function: Takes a batch and a generator, returns what the objective is given.
        seed: Seed of the generators.

    Example:
        >>> from minillm.training.masking import mask_tokens
        >>> windows = ShuffledWindows(np.arange(5, 100), context=8, batch=4)
        >>> masked = Transformed(windows, lambda batch, g: mask_tokens(batch[0], g, mask_id=4, vocab_size=100))
        >>> bool((masked(2)[0] == masked(2)[0]).all())
        True

    Source: None; plain book-keeping.
    """

    def __init__(self, batches: Batches, function: Callable[[Batch, torch.Generator], Batch], seed: int = 0) -> None:
        self.batches, self.function, self.seed = batches, function, seed

    def __call__(self, index: int) -> Batch:
        """Make batch ``index``, counted from 0."""
        mixed = int(np.random.SeedSequence((self.seed, index)).generate_state(1, np.uint64)[0] >> 1)
        return self.function(self.batches(index), torch.Generator().manual_seed(mixed))
