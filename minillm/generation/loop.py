"""Greedy decoding and sampling: one token a row and step, until every row has ended."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Int
from torch import Tensor

from minillm.generation.checks import check_count, check_sampling, end_tokens
from minillm.generation.reader import LanguageModel, Reader, evaluating
from minillm.generation.warpers import compose


def generate(
    model: LanguageModel,
    ids: Int[Tensor, "batch time"],
    *,
    max_new_tokens: int,
    temperature: float = 0.0,
    top_k: int | None = None,
    top_p: float | None = None,
    min_p: float | None = None,
    repetition_penalty: float = 1.0,
    eos: int | Sequence[int] | None = None,
    pad: int | None = None,
    mask: Bool[Tensor, "batch keys"] | None = None,
    start: int | Int[Tensor, "batch begin"] | None = None,
    slide: bool = False,
    generator: torch.Generator | None = None,
) -> Int[Tensor, "batch total"]:
    """Continue texts, greedily or by sampling, with a key/value cache.

    The model is used without dropout and left in the mode it was in. The result is an ordinary tensor, which may be
    trained on.

    Args:
        model: A decoder, or an encoder-decoder, which reads ``ids`` as its source and writes a target.
        ids: Prompts, shorter ones padded on the left.
        max_new_tokens: Most tokens added to a row.
        temperature: 0 takes the likeliest token (greedy; ``top_k``, ``top_p`` and ``min_p`` then change nothing);
            above 0 tokens are drawn from the logits divided by it.
        top_k: Draw from this many likeliest tokens.
        top_p: Draw from the likeliest tokens that together have this probability.
        min_p: Draw from tokens that have at least this share of the highest probability.
        repetition_penalty: Above 1 makes tokens that stand in the row less likely; padding does not count.
        eos: Token or tokens that end a row.
        pad: What fills an ended row up; the first end token by default.
        mask: True at real tokens of the prompts, False at padding.
        start: What an encoder-decoder's target begins with; its configuration's ``start_id`` by default.
        slide: Let the text outgrow the model's context: when it is full, the model goes on from the last half of it,
            read anew, and forgets the rest. Without it such a call is refused.
        generator: Source of the draws; PyTorch's global one by default.

    Returns:
        Prompts and new tokens; a target with its start. No longer than the longest row.

    Raises:
        InvalidInput: An option is out of its range, an id is no token, the padding stands on the right, or prompt and
            new tokens exceed the model's context.

    Example:
        >>> from minillm.models import Llama, LlamaConfig
        >>> model = Llama(LlamaConfig.tiny())
        >>> generate(model, torch.tensor([[5, 7]]), max_new_tokens=8).shape
        torch.Size([1, 10])

    Source:
        Book section 2.2.5 (greedy decoding); Holtzman et al. 2020, https://arxiv.org/abs/1904.09751.
    """
    options = Options(max_new_tokens, temperature, top_k, top_p, min_p, repetition_penalty, eos, pad)
    with evaluating(model), torch.inference_mode():
        sampler = _Sampler(Reader(model, ids, max_new_tokens, mask=mask, start=start, slide=slide), options, generator)
        while not sampler.finished:
            sampler.step()
        text = sampler.reader.text
    # A copy made outside inference mode, so that autograd takes it.
    return text.clone()


def stream(
    model: LanguageModel,
    ids: Int[Tensor, "batch time"],
    *,
    max_new_tokens: int,
    temperature: float = 0.0,
    top_k: int | None = None,
    top_p: float | None = None,
    min_p: float | None = None,
    repetition_penalty: float = 1.0,
    eos: int | Sequence[int] | None = None,
    pad: int | None = None,
    mask: Bool[Tensor, "batch keys"] | None = None,
    start: int | Int[Tensor, "batch begin"] | None = None,
    slide: bool = False,
    generator: torch.Generator | None = None,
) -> Iterator[Int[Tensor, "batch"]]:
    """The tokens that :func:`generate` would add, each as soon as it is known.

    Args:
        model: As in :func:`generate`; without dropout until the last token or until the iterator is closed.
        ids: As in :func:`generate`.
        max_new_tokens: As in :func:`generate`.
        temperature: As in :func:`generate`.
        top_k: As in :func:`generate`.
        top_p: As in :func:`generate`.
        min_p: As in :func:`generate`.
        repetition_penalty: As in :func:`generate`.
        eos: As in :func:`generate`.
        pad: As in :func:`generate`.
        mask: As in :func:`generate`.
        start: As in :func:`generate`.
        slide: As in :func:`generate`.
        generator: As in :func:`generate`.

    Returns:
        One token a row and step; an ended row goes on with the filler until all have ended.

    Raises:
        InvalidInput: As in :func:`generate`, at the call, not at the first token.

    Example:
        >>> from minillm.models import Llama, LlamaConfig
        >>> model = Llama(LlamaConfig.tiny())
        >>> len(list(stream(model, torch.tensor([[5, 7]]), max_new_tokens=8)))
        8

    Source: book section 2.2.5.
    """
    options = Options(max_new_tokens, temperature, top_k, top_p, min_p, repetition_penalty, eos, pad)
    with evaluating(model), torch.inference_mode():
        reader = Reader(model, ids, max_new_tokens, mask=mask, start=start, slide=slide)
        sampler = _Sampler(reader, options, generator)
    return _tokens(sampler)


def _tokens(sampler: "_Sampler") -> Iterator[Tensor]:
    while not sampler.finished:
        # Only while a token is made: what the caller does with it meanwhile is not in inference mode.
        with evaluating(sampler.reader.model), torch.inference_mode():
            tokens = sampler.step()
        yield tokens.clone()


@dataclass(frozen=True)
class Options:
    """What decides the next token, checked when it is made.

    Attributes:
        max_new_tokens: As in :func:`generate`.
        temperature: As in :func:`generate`.
        top_k: As in :func:`generate`.
        top_p: As in :func:`generate`.
        min_p: As in :func:`generate`.
        repetition_penalty: As in :func:`generate`.
        eos: As in :func:`generate`.
        pad: As in :func:`generate`.

    Raises:
        InvalidInput: One is out of its range.

    Example:
        >>> Options(max_new_tokens=8).temperature
        0.0

    Source: this project.
    """

    max_new_tokens: int
    temperature: float = 0.0
    top_k: int | None = None
    top_p: float | None = None
    min_p: float | None = None
    repetition_penalty: float = 1.0
    eos: int | Sequence[int] | None = None
    pad: int | None = None

    def __post_init__(self) -> None:
        check_count("max_new_tokens", self.max_new_tokens)
        check_sampling(self.temperature, self.top_k, self.top_p, self.min_p, self.repetition_penalty)
        end_tokens(self.eos, self.pad)


class _Sampler:
    """The loop's state; everything that does not change from step to step is prepared here."""

    def __init__(self, reader: Reader, options: Options, generator: torch.Generator | None) -> None:
        self.reader, self.generator = reader, generator
        self.draws = options.temperature > 0
        self.warp = compose(
            temperature=options.temperature,
            top_k=options.top_k,
            top_p=options.top_p,
            min_p=options.min_p,
            repetition_penalty=options.repetition_penalty,
        )
        ends, self.pad = end_tokens(options.eos, options.pad)
        self.ends = reader.ids.new_tensor(ends) if ends else None
        self.ended = torch.zeros(len(reader.ids), dtype=torch.bool, device=reader.ids.device)
        self.left = options.max_new_tokens
        self.finished = False

    def step(self) -> Tensor:
        """Add a token to every row."""
        logits = self.reader.logits()
        if self.warp is not None:
            logits = self.warp(self.reader.text, logits.float(), self.reader.text_mask)
        if self.draws:
            tokens = torch.multinomial(logits.float().softmax(dim=-1), 1, generator=self.generator)[:, 0]
        else:
            tokens = logits.argmax(dim=-1)
        self.left -= 1
        self.finished = self.left == 0
        if self.ends is not None:
            tokens = tokens.masked_fill(self.ended, self.pad)
            self.ended |= (tokens[:, None] == self.ends).any(dim=1)
            self.finished = self.finished or bool(self.ended.all())
        self.reader.append(tokens)
        return tokens
