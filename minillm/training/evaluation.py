"""The loss on text that the model was not trained on, weighted by tokens."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import nn

from minillm.errors import InvalidInput
from minillm.training.batches import Batch
from minillm.training.device import autocast, to_device
from minillm.training.objectives import Objective, predict


@dataclass(frozen=True)
class Evaluation:
    """What an evaluation found.

    Attributes:
        loss: Mean over all predicted tokens, in nats.
        tokens: How many were predicted.

    Example:
        >>> round(Evaluation(loss=1.0, tokens=5).perplexity, 3)
        2.718

    Source: Book section 2.1.
    """

    loss: float
    tokens: int

    @property
    def perplexity(self) -> float:
        """The exponential of the loss."""
        return math.exp(self.loss)


@torch.no_grad()
def evaluate(
    model: nn.Module,
    batches: Iterable[Batch],
    objective: Objective = predict,
    precision: str = "float32",
) -> Evaluation:
    """The mean loss over all batches; a batch with fewer tokens weighs less.

    Args:
        model: The model; it is in evaluation mode meanwhile, so nothing is dropped out.
        batches: All of the validation part, such as `AllWindows`.
        objective: As in training.
        precision: As in training.

    Returns:
        Mean and number of tokens.

    Raises:
        InvalidInput: There is nothing to predict.

    Example:
        >>> from minillm.training.batches import AllWindows
        >>> import numpy as np
        >>> evaluate(nn.Embedding(6, 6), AllWindows(np.arange(6), context=2, batch=2)).tokens
        5

    Source: Book section 2.1.
    """
    device = next(model.parameters()).device
    training = model.training
    model.eval()
    try:
        total, count = torch.zeros((), dtype=torch.float64), torch.zeros((), dtype=torch.long)
        if device.type != "mps":  # has no float64
            total, count = total.to(device), count.to(device)
        for batch in batches:
            with autocast(device, precision):
                loss, terms = objective(model, to_device(batch, device))
            total, count = total + loss.to(total), count + terms.to(count)
    finally:
        model.train(training)
    if not count:
        raise InvalidInput("there is no token to predict in these batches: give text of two tokens or more")
    return Evaluation(float(total / count), int(count))
