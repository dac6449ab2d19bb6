"""Contrastive search: of the likeliest next tokens the one whose hidden state repeats the text least."""

from collections.abc import Sequence
from numbers import Real

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn import functional as F

from minillm.errors import InvalidInput
from minillm.generation.checks import check_count, end_tokens
from minillm.generation.reader import LanguageModel, Reader, evaluating


def contrastive_scores(
    probabilities: Float[Tensor, "batch candidates"],
    hidden: Float[Tensor, "batch candidates width"],
    before: Float[Tensor, "batch time width"],
    alpha: float,
    mask: Bool[Tensor, "batch time"] | None = None,
) -> Float[Tensor, "batch candidates"]:
    r"""Score of each candidate: :math:`(1-\alpha)\,p(v)-\alpha\max_j\cos(h_v,h_{x_j})`.

    Args:
        probabilities: The model's probability of each candidate.
        hidden: The last hidden state that the model has after reading the candidate.
        before: Hidden states of the text before.
        alpha: Weight of the penalty, from 0 to 1.
        mask: True at real tokens of the text before.

    Returns:
        The higher the better.

    Example:
        >>> p, states = torch.tensor([[0.6, 0.4]]), torch.eye(2)[None]
        >>> contrastive_scores(p, states, states[:, :1], alpha=0.5).tolist()
        [[-0.19999998807907104, 0.20000000298023224]]

    Source:
        Su et al. 2022, equation 5, https://arxiv.org/abs/2202.06417.
    """
    cosines = F.normalize(hidden, dim=-1) @ F.normalize(before, dim=-1).transpose(1, 2)
    if mask is not None:
        cosines = cosines.masked_fill(~mask[:, None, :], -torch.inf)
    return (1 - alpha) * probabilities - alpha * cosines.amax(dim=-1)


def contrastive_search(
    model: LanguageModel,
    ids: Int[Tensor, "batch time"],
    *,
    max_new_tokens: int,
    candidates: int = 4,
    alpha: float = 0.6,
    eos: int | Sequence[int] | None = None,
    pad: int | None = None,
    mask: Bool[Tensor, "batch keys"] | None = None,
    start: int | Int[Tensor, "batch begin"] | None = None,
) -> Int[Tensor, "batch total"]:
    """Continue texts by contrastive search, which needs no draws and seldom repeats itself.

    Each step costs one forward pass over ``candidates`` tokens a row.

    Args:
        model: A decoder, or an encoder-decoder, which reads ``ids`` as its source.
        ids: Prompts, shorter ones padded on the left.
        max_new_tokens: Most tokens added to a row.
        candidates: Likeliest tokens among which the scores decide (the paper's k).
        alpha: Weight of the penalty, from 0 (greedy) to 1.
        eos: Token or tokens that end a row.
        pad: What fills an ended row up; the first end token by default.
        mask: True at real tokens of the prompts, False at padding.
        start: What an encoder-decoder's target begins with.

    Returns:
        Prompts and new tokens. No longer than the longest row.

    Raises:
        InvalidInput: An option is out of its range, or prompt and new tokens exceed the model's context.

    Example:
        >>> from minillm.models import GPT, GPTConfig
        >>> contrastive_search(GPT(GPTConfig.tiny()), torch.tensor([[5, 7]]), max_new_tokens=8).shape
        torch.Size([1, 10])

    Source:
        Su et al. 2022, section 3.2, https://arxiv.org/abs/2202.06417.
    """
    check_count("max_new_tokens", max_new_tokens)
    check_count("candidates", candidates)
    if not isinstance(alpha, Real) or not 0 <= alpha <= 1:
        raise InvalidInput(f"alpha={alpha!r}: give a weight from 0 to 1.")
    ends, filler = end_tokens(eos, pad)
    with evaluating(model), torch.inference_mode():
        # The last new token is read too: its hidden state decides whether it is chosen.
        reader = Reader(model, ids, max_new_tokens, mask=mask, start=start)
        ended = torch.zeros(len(reader.ids), dtype=torch.bool, device=reader.ids.device)
        states = reader.hidden()
        for _ in range(max_new_tokens):
            states, ended = _step(reader, states, candidates, float(alpha), ended, ends, filler)
            if ended.all():
                break
        text = reader.text
    return text.clone()


def _step(
    reader: Reader, states: Tensor, candidates: int, alpha: float, ended: Tensor, ends: tuple[int, ...], pad: int
) -> tuple[Tensor, Tensor]:
    """Try the candidates, keep the best: the hidden states with its own, and which rows have ended."""
    batch = len(states)
    logits = reader.model.head(states[:, -1:])[:, 0].float()
    probabilities, tokens = logits.softmax(dim=-1).topk(min(candidates, logits.shape[-1]), dim=-1)
    tokens = tokens.masked_fill(ended[:, None], pad)
    count = tokens.shape[1]
    row = torch.arange(batch, device=tokens.device)
    reader.select(row.repeat_interleave(count))
    reader.append(tokens.flatten())
    hidden = reader.hidden()[:, -1].unflatten(0, (batch, count))
    mask = None if reader.mask is None else reader.mask[::count, : states.shape[1]]
    best = contrastive_scores(probabilities, hidden, states, alpha, mask).argmax(dim=1)
    reader.select(row * count + best)
    chosen = tokens[row, best]
    ended = ended | (chosen[:, None] == chosen.new_tensor(ends)).any(dim=1)
    return torch.cat([states, hidden[row, best][:, None]], dim=1), ended
