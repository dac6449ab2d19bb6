"""Beam search: the several best beginnings are kept at every step, and the best finished text is returned."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from minillm.errors import InvalidInput
from minillm.generation.checks import check_count, check_penalty, end_tokens
from minillm.generation.reader import LanguageModel, Reader, evaluating
from minillm.generation.warpers import compose

_OUT = -1e9
"""A score below all others, yet finite."""


class Beams(NamedTuple):
    """What :func:`beam_search` found, best first.

    Attributes:
        ids: Texts, prompt included; filled up behind the end.
        scores: Sum of each text's new log-probabilities, divided by a power of their number.
    """

    ids: Int[Tensor, "batch returned total"]
    scores: Float[Tensor, "batch returned"]


def beam_search(
    model: LanguageModel,
    ids: Int[Tensor, "batch time"],
    *,
    max_new_tokens: int,
    beams: int = 4,
    returned: int = 1,
    length_penalty: float = 1.0,
    early_stopping: bool | str = False,
    repetition_penalty: float = 1.0,
    eos: int | Sequence[int] | None = None,
    pad: int | None = None,
    mask: Bool[Tensor, "batch keys"] | None = None,
    start: int | Int[Tensor, "batch begin"] | None = None,
) -> Beams:
    r"""Search for texts of high probability.

    At every step the best ``beams`` unfinished texts are kept. A text that ends, or reaches the most new tokens, is
    scored by :math:`\sum\log p/n^{\alpha}` with its n new tokens and the length penalty :math:`\alpha`.

    Args:
        model: A decoder, or an encoder-decoder, which reads ``ids`` as its source.
        ids: Prompts, shorter ones padded on the left.
        max_new_tokens: Most tokens added to a row.
        beams: Texts kept per row; 1 is greedy decoding.
        returned: Texts returned per row, at most ``beams``.
        length_penalty: Above 0 favors longer texts, below 0 shorter ones; 0 compares plain probabilities.
        early_stopping: When a row's search ends: True, as soon as ``beams`` texts have ended; False, when the best
            unfinished text, ending now, would be no better than the worst finished one; "never", when it could not
            become better at any length.
        repetition_penalty: Applied to log-probabilities, as transformers does.
        eos: Token or tokens that end a text.
        pad: What fills an ended text up; the first end token by default.
        mask: True at real tokens of the prompts, False at padding.
        start: What an encoder-decoder's target begins with.

    Returns:
        The texts that transformers' ``generate(num_beams=beams)`` returns, and their scores.

    Raises:
        InvalidInput: An option is out of its range, or prompt and new tokens exceed the model's context.

    Example:
        >>> from minillm.models import Llama, LlamaConfig
        >>> found = beam_search(Llama(LlamaConfig.tiny()), torch.tensor([[5, 7]]), max_new_tokens=8, beams=3)
        >>> found.ids.shape, found.scores.shape
        (torch.Size([1, 1, 10]), torch.Size([1, 1]))

    Source:
        Wu et al. 2016, section 7, https://arxiv.org/abs/1609.08144; rules for ending as in transformers 5.
    """
    for name, value in (("max_new_tokens", max_new_tokens), ("beams", beams), ("returned", returned)):
        check_count(name, value)
    check_penalty(repetition_penalty)
    if returned > beams:
        raise InvalidInput(f"returned={returned} texts of beams={beams} were asked for; ask for at most {beams}.")
    if early_stopping not in (True, False, "never"):
        raise InvalidInput(f"early_stopping={early_stopping!r}: give True, False or 'never'.")
    ends, filler = end_tokens(eos, pad)
    warp = compose(repetition_penalty=repetition_penalty)
    with evaluating(model), torch.inference_mode():
        reader = Reader(model, ids, max_new_tokens, mask=mask, start=start)
        search = _Search(reader, beams, ends, filler, length_penalty, early_stopping)
        for step in range(1, max_new_tokens + 1):
            scores = reader.logits().float().log_softmax(dim=-1)
            if warp is not None:
                scores = warp(reader.text, scores, reader.text_mask)
            search.extend(scores, step, step == max_new_tokens)
            if not search.open.any():
                break
        found, scores = search.best(returned)
    return Beams(found.clone(), scores.clone())


class _Search:
    """Unfinished texts, which the reader holds row by row, and the best finished ones."""

    def __init__(
        self,
        reader: Reader,
        beams: int,
        ends: tuple[int, ...],
        pad: int,
        length_penalty: float,
        early_stopping: bool | str,
    ) -> None:
        batch, total = reader.ids.shape
        self.reader, self.beams, self.pad = reader, beams, pad
        self.length_penalty, self.early_stopping = length_penalty, early_stopping
        self.most = total - reader.prompt
        self.ends = reader.ids.new_tensor(ends)
        # As many candidates as leave enough unfinished ones, should all the best have ended.
        self.keep = max(2, 1 + len(ends)) * beams
        device = reader.ids.device
        self.scores = torch.zeros(batch, 1, device=device)
        self.found = reader.ids[:, None].repeat(1, beams, 1)
        self.found_scores = torch.full((batch, beams), _OUT, device=device)
        self.found_lengths = torch.full((batch, beams), reader.prompt, device=device)
        self.done = torch.zeros(batch, beams, dtype=torch.bool, device=device)
        self.open = torch.ones(batch, 1, dtype=torch.bool, device=device)

    def extend(self, log_probs: Tensor, step: int, last: bool) -> None:
        """One more token for every unfinished text, as the new log-probabilities of all rows have it."""
        batch, now = len(self.scores), self.scores.shape[1]
        vocab = log_probs.shape[-1]
        total = (log_probs.view(batch, now, vocab) + self.scores[:, :, None]).flatten(1)
        if total.shape[1] < self.keep:
            total = torch.nn.functional.pad(total, (0, self.keep - total.shape[1]), value=_OUT)
        scores, flat = total.topk(self.keep, dim=1)
        parent, token = (flat // vocab).clamp(max=now - 1), flat % vocab
        ended = (token[:, :, None] == self.ends).any(dim=2) | last
        rows = parent + torch.arange(batch, device=parent.device)[:, None] * now
        self._finish(rows, token, scores, ended, step)
        best = scores.masked_fill(ended, _OUT).topk(self.beams, dim=1).indices
        self.scores = scores.masked_fill(ended, _OUT).gather(1, best)
        self.reader.select(rows.gather(1, best).flatten())
        self.reader.append(token.gather(1, best).flatten())
        self._close(step)

    def _finish(self, rows: Tensor, token: Tensor, scores: Tensor, ended: Tensor, step: int) -> None:
        """Take ended texts among the best beams into what was found, where they are better."""
        ended = ended.clone()
        ended[:, self.beams :] = False
        full = self.done.all(dim=1, keepdim=True) & (self.early_stopping is True)
        taken = ended & self.open & ~full
        scores = (scores / step**self.length_penalty).masked_fill(~taken, _OUT)
        length = self.reader.length
        texts = self.reader.ids[rows]
        texts[:, :, length] = token
        merged, order = torch.cat([self.found_scores, scores], dim=1).topk(self.beams, dim=1)
        self.found_scores = merged
        self.done = torch.cat([self.done, taken], dim=1).gather(1, order)
        lengths = torch.full_like(rows, length + 1)
        self.found_lengths = torch.cat([self.found_lengths, lengths], dim=1).gather(1, order)
        texts = torch.cat([self.found, texts], dim=1)
        self.found = texts.gather(1, order[:, :, None].expand(-1, -1, texts.shape[2]))

    def _close(self, step: int) -> None:
        """End the search of rows that cannot become better, by the chosen rule."""
        hopeful = self.early_stopping == "never" and self.length_penalty > 0
        length = self.most if hopeful else step
        possible = self.scores[:, :1] / length**self.length_penalty
        worst = torch.where(self.done, self.found_scores.min(dim=1, keepdim=True).values, _OUT)
        self.open &= (possible > worst).any(dim=1, keepdim=True)
        if self.early_stopping is True:
            self.open &= ~self.done.all()

    def best(self, returned: int) -> tuple[Tensor, Tensor]:
        """The texts found, cut to the longest of them, and their scores."""
        lengths = self.found_lengths[:, :returned]
        found = self.found[:, :returned, : int(lengths.max())]
        behind = torch.arange(found.shape[2], device=found.device) >= lengths[:, :, None]
        return found.masked_fill(behind, self.pad), self.found_scores[:, :returned]
