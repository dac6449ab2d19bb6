"""What a model is trained for, as loss functions that return a sum and the number of terms in it.

Sums, not means: when a step is made of several micro-batches, or of several devices' batches, the gradient of the
whole is the sum of all sums over the sum of all counts. The mean of the means is another number as soon as the
counts differ, which they do wherever there is padding.
"""

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from minillm.errors import InvalidInput

IGNORE = -100
"""The label of a position that is not predicted: cross-entropy leaves it out."""

Objective = Callable[[nn.Module, Any], tuple[Tensor, Tensor]]
"""Takes a model and a batch; returns the sum of the loss and the number of terms in it."""

SumAndCount = tuple[Float[Tensor, ""], Int[Tensor, ""]]


def token_loss(logits: Float[Tensor, "*places vocab"], labels: Int[Tensor, "*places"]) -> SumAndCount:
    """Cross-entropy over the positions that have a label; the others below are this one with labels of their own.

    Args:
        logits: A score for every token of the vocabulary, at every position.
        labels: The token to predict at each position, or `IGNORE`.

    Returns:
        The sum of -log P(label) in nats, and the number of labels that count.

    Example:
        >>> total, count = token_loss(torch.zeros(2, 3, 10), torch.tensor([[1, 2, IGNORE], [3, 4, 5]]))
        >>> round(float(total / count), 4), int(count)
        (2.3026, 5)

    Source: Book equations 2.18 and 2.26.
    """
    if logits.dtype in (torch.bfloat16, torch.float16):  # the sum over a large vocabulary needs the digits
        logits = logits.float()
    flat, wanted = logits.flatten(0, -2), labels.flatten()
    return F.cross_entropy(flat, wanted, ignore_index=IGNORE, reduction="sum"), (wanted != IGNORE).sum()


def predict(model: nn.Module, batch: tuple[Int[Tensor, "batch time"], Int[Tensor, "batch time"]]) -> SumAndCount:
    """The objective of training on pairs of inputs and labels: next tokens, or masked ones, as the labels say.

    Args:
        model: Called with the inputs; gives logits.
        batch: Inputs, and labels of the same shape.

    Returns:
        The sum of -log P(label) in nats, and the number of labels that count.

    Example:
        >>> total, count = predict(nn.Embedding(5, 5), (torch.tensor([[1, 2]]), torch.tensor([[2, IGNORE]])))
        >>> int(count)
        1

    Source: Book equations 2.18 and 2.26.
    """
    inputs, labels = batch
    return token_loss(model(inputs), labels)


def causal_loss(
    logits: Float[Tensor, "batch time vocab"],
    ids: Int[Tensor, "batch time"],
    mask: Bool[Tensor, "batch time"] | None = None,
) -> SumAndCount:
    """Next-token prediction: position t predicts token t + 1, and the last position predicts nothing.

    Equation 2.25 of the book lets position i predict token i. A causal model has read token i by then, and learns to
    copy: the loss falls to zero and the model is worth nothing. The shift is made here, so that one may pass the very
    ids that the model was given.

    Args:
        logits: The model's answer to ``ids``.
        ids: The tokens.
        mask: True where a token is real; padding is not predicted.

    Returns:
        The sum of -log P(token | those before it) in nats, and the number of tokens predicted.

    Example:
        >>> ids = torch.tensor([[3, 1, 4, 1]])
        >>> total, count = causal_loss(torch.zeros(1, 4, 5), ids)
        >>> int(count)
        3

    Source: Book equations 2.25 (erratum E22) and 2.26; Radford et al. (2018).
    """
    labels = ids[:, 1:]
    if mask is not None:
        labels = labels.masked_fill(~mask[:, 1:], IGNORE)
    return token_loss(logits[:, :-1], labels)


def masked_loss(logits: Float[Tensor, "batch time vocab"], labels: Int[Tensor, "batch time"]) -> SumAndCount:
    """Masked language modeling: the original token, at the chosen positions only and without a shift.

    Args:
        logits: The model's answer to the corrupted ids.
        labels: The original token where one was chosen, else `IGNORE`, as `masking.mask_tokens` returns them.

    Returns:
        The sum of -log P(original token) in nats, and the number of chosen positions.

    Example:
        >>> total, count = masked_loss(torch.zeros(1, 3, 8), torch.tensor([[IGNORE, 5, IGNORE]]))
        >>> int(count)
        1

    Source: Book equation 2.18; Devlin et al. (2019), https://arxiv.org/abs/1810.04805.
    """
    return token_loss(logits, labels)


def next_sentence_loss(logits: Float[Tensor, "batch 2"], labels: Int[Tensor, "batch"]) -> SumAndCount:
    """Next-sentence prediction: did the second sentence follow the first?

    Args:
        logits: Two scores a pair.
        labels: 0 where it followed, 1 where it was drawn from elsewhere.

    Returns:
        The sum of -log P(label) in nats, and the number of pairs.

    Example:
        >>> total, count = next_sentence_loss(torch.zeros(4, 2), torch.tensor([0, 1, 1, 0]))
        >>> round(float(total / count), 4)
        0.6931

    Source: Book equation 2.22; Devlin et al. (2019), section 3.1.
    """
    return token_loss(logits, labels)


def denoising_loss(logits: Float[Tensor, "batch time vocab"], labels: Int[Tensor, "batch time"]) -> SumAndCount:
    """Denoising: the decoder writes the text as it was before the noise.

    Args:
        logits: The decoder's answer to the clean text, moved one place to the right.
        labels: The clean text, with `IGNORE` for padding; `noise.denoising_batch` makes both.

    Returns:
        The sum of -log P(token | noised text, clean tokens before it) in nats, and the number of tokens.

    Example:
        >>> total, count = denoising_loss(torch.zeros(1, 2, 8), torch.tensor([[5, 6]]))
        >>> int(count)
        2

    Source: Book section 2.3.3; Lewis et al. (2020), https://arxiv.org/abs/1910.13461.
    """
    return token_loss(logits, labels)


def mixed_loss(
    class_logits: Float[Tensor, "batch classes"],
    classes: Int[Tensor, "batch"],
    logits: Float[Tensor, "batch time vocab"],
    ids: Int[Tensor, "batch time"],
    weight: float | int,
    mask: Bool[Tensor, "batch time"] | None = None,
) -> SumAndCount:
    """Fine-tuning with language modeling beside it, which holds off forgetting: L = L_FT + lambda L_PT.

    The second term is each example's mean over its own tokens, as GPT-1 was trained, so that a long example weighs as
    much as a short one and the sum over examples can be cut into micro-batches anywhere.

    Args:
        class_logits: A score for each class of each example.
        classes: The right class of each example.
        logits: The next-token logits on the same examples.
        ids: Their tokens.
        weight: Lambda, 0 and above; GPT-1 used 0.5.
        mask: True where a token is real.

    Returns:
        The sum over examples in nats, and the number of examples.

    Raises:
        InvalidInput: ``weight`` is negative.

    Example:
        >>> ids = torch.tensor([[1, 2, 3]])
        >>> total, count = mixed_loss(torch.zeros(1, 2), torch.tensor([1]), torch.zeros(1, 3, 4), ids, weight=0.5)
        >>> round(float(total), 4), int(count)  # ln 2 + 0.5 ln 4
        (1.3863, 1)

    Source: Book equation 2.29; Radford et al. (2018), section 3.2.
    """
    if not weight >= 0:
        raise InvalidInput(f"weight (lambda) is {weight}: it must be 0 or above; GPT-1 used 0.5")
    labels = ids[:, 1:] if mask is None else ids[:, 1:].masked_fill(~mask[:, 1:], IGNORE)
    each = F.cross_entropy(logits[:, :-1].transpose(1, 2), labels, ignore_index=IGNORE, reduction="none")
    means = each.sum(dim=1) / (labels != IGNORE).sum(dim=1).clamp(min=1)
    fitted, count = token_loss(class_logits, classes)
    return fitted + weight * means.sum(), count
