"""BART's five ways to spoil a text, each on the ids of one text, and how to put them one after the other.

The special tokens at the two ends are not part of the text: add them afterwards.
"""

from collections.abc import Callable, Sequence

import torch
from jaxtyping import Int
from torch import Tensor

from minillm.errors import InvalidInput
from minillm.training.objectives import IGNORE

Noise = Callable[[Tensor, torch.Generator], Tensor]
"""Ids of one text and a source of chance -> ids of the spoiled text."""


def token_masking(
    ids: Int[Tensor, "time"], generator: torch.Generator, *, mask_id: int, rate: float | int = 0.15
) -> Int[Tensor, "time"]:
    """Hide each token with some probability.

    Args:
        ids: The text.
        generator: Where chance comes from.
        mask_id: What stands in a hidden token's place.
        rate: The probability, between 0 and 1.

    Returns:
        As many ids as before.

    Raises:
        InvalidInput: ``rate`` is not between 0 and 1.

    Example:
        >>> token_masking(torch.tensor([5, 6]), torch.Generator(), mask_id=1, rate=1.0).tolist()
        [1, 1]

    Source: Book section 2.3.3; Lewis et al. (2020), section 2.2.
    """
    return torch.where(_hit(ids, generator, rate), mask_id, ids)


def token_deletion(
    ids: Int[Tensor, "time"], generator: torch.Generator, *, rate: float | int = 0.15
) -> Int[Tensor, "left"]:
    """Delete each token with some probability: the model must find out where something is missing.

    Args:
        ids: The text.
        generator: Where chance comes from.
        rate: The probability, between 0 and 1.

    Returns:
        The tokens that are left, in order.

    Raises:
        InvalidInput: ``rate`` is not between 0 and 1.

    Example:
        >>> token_deletion(torch.tensor([5, 6, 7]), torch.Generator(), rate=0.0).tolist()
        [5, 6, 7]

    Source: Book section 2.3.3; Lewis et al. (2020), section 2.2.
    """
    return ids[~_hit(ids, generator, rate)]


def text_infilling(
    ids: Int[Tensor, "time"],
    generator: torch.Generator,
    *,
    mask_id: int,
    rate: float | int = 0.3,
    mean_span: float | int = 3.0,
) -> Int[Tensor, "noised"]:
    """Exchange spans of Poisson-distributed length for one mask each: the model must guess how much is missing.

    A span of length 0 puts a mask where nothing was missing. Spans are drawn until they hold the wanted share of the
    text, the last one cut to fit, and laid at places that are all equally likely.

    Args:
        ids: The text.
        generator: Where chance comes from.
        mask_id: What stands in a span's place.
        rate: The share of the tokens that is taken out, between 0 and 1; BART's final model used 0.3.
        mean_span: Mean length of a span in tokens, above 0.

    Returns:
        The tokens that are left, in order, with one mask a span.

    Raises:
        InvalidInput: ``rate`` is not between 0 and 1, or ``mean_span`` is not above 0.

    Example:
        >>> text_infilling(torch.arange(5, 25), torch.Generator().manual_seed(0), mask_id=1, rate=0.0).equal(
        ...     torch.arange(5, 25))
        True

    Source: Book section 2.3.3; Lewis et al. (2020), section 2.2; Joshi et al. (2020), SpanBERT.
    """
    _check_rate(rate)
    if not mean_span > 0:
        raise InvalidInput(f"mean_span is {mean_span}: give a length in tokens above 0; BART used 3")
    wanted = round(rate * len(ids))
    spans: list[int] = []
    while sum(spans) < wanted:
        span = int(torch.poisson(torch.tensor([mean_span]), generator=generator))
        spans.append(min(span, wanted - sum(spans)))
    # What is left and the masks, in a random order of the two kinds: every way to lay the spans is as likely.
    left = len(ids) - wanted
    places = torch.randperm(left + len(spans), generator=generator)[: len(spans)].sort().values.tolist()
    order = torch.randperm(len(spans), generator=generator).tolist()
    pieces: list[Tensor] = []
    read = written = 0
    for number, place in enumerate(places):
        kept = place - written
        pieces += [ids[read : read + kept], ids.new_tensor([mask_id])]
        read, written = read + kept + spans[order[number]], place + 1
    return torch.cat([*pieces, ids[read:]])


def sentence_permutation(
    ids: Int[Tensor, "time"], generator: torch.Generator, *, stop_ids: Sequence[int]
) -> Int[Tensor, "time"]:
    """Put the sentences into a random order; a sentence ends with a full stop.

    Args:
        ids: The text.
        generator: Where chance comes from.
        stop_ids: The ids that end a sentence.

    Returns:
        The same sentences, each with its stop.

    Example:
        >>> sorted(sentence_permutation(torch.tensor([5, 0, 6, 0]), torch.Generator(), stop_ids=[0]).tolist())
        [0, 0, 5, 6]

    Source: Book section 2.3.3; Lewis et al. (2020), section 2.2.
    """
    stops = torch.isin(ids, torch.tensor(list(stop_ids), dtype=ids.dtype, device=ids.device))
    ends = (stops.nonzero().flatten() + 1).tolist()
    sentences = [piece for piece in torch.tensor_split(ids, ends) if len(piece)]
    order = torch.randperm(len(sentences), generator=generator).tolist()
    return torch.cat([sentences[number] for number in order]) if sentences else ids


def document_rotation(ids: Int[Tensor, "time"], generator: torch.Generator) -> Int[Tensor, "time"]:
    """Begin the text at a random token and put what was before it at the end: the model must find the start.

    Args:
        ids: The text.
        generator: Where chance comes from.

    Returns:
        A cyclic shift of the text.

    Example:
        >>> sorted(document_rotation(torch.tensor([5, 6, 7]), torch.Generator()).tolist())
        [5, 6, 7]

    Source: Book section 2.3.3; Lewis et al. (2020), section 2.2.
    """
    start = int(torch.randint(max(len(ids), 1), (1,), generator=generator))
    return torch.cat([ids[start:], ids[:start]])


def compose(*noises: Noise) -> Noise:
    """One noise after the other.

    Args:
        *noises: Functions of ids and a generator, such as ``functools.partial(token_masking, mask_id=4)``.

    Returns:
        A noise that applies them in the order given.

    Example:
        >>> both = compose(lambda ids, g: ids + 1, lambda ids, g: ids * 2)
        >>> both(torch.tensor([1]), torch.Generator()).tolist()
        [4]

    Source: Book section 2.3.3; Lewis et al. (2020), section 2.2.
    """

    def composed(ids: Tensor, generator: torch.Generator) -> Tensor:
        for noise in noises:
            ids = noise(ids, generator)
        return ids

    return composed


def denoising_batch(
    texts: Sequence[Int[Tensor, "_"]],
    noise: Noise,
    generator: torch.Generator,
    *,
    start_id: int,
    end_id: int,
    pad_id: int,
) -> tuple[Int[Tensor, "batch source"], Int[Tensor, "batch target"], Int[Tensor, "batch target"]]:
    """What a denoising sequence-to-sequence model is trained with.

    Args:
        texts: Ids of clean texts, without special tokens.
        noise: What is done to the encoder's copy.
        generator: Where chance comes from.
        start_id: What the decoder reads first; BART uses its end token.
        end_id: What every text ends with.
        pad_id: What fills the shorter rows, on the right.

    Returns:
        The encoder's input (noised text, end), the decoder's input (start, clean text), and the labels (clean text,
        end), with `IGNORE` for padding.

    Raises:
        InvalidInput: There is no text.

    Example:
        >>> clean = torch.tensor([7, 8])
        >>> source, target, labels = denoising_batch(
        ...     [clean], compose(), torch.Generator(), start_id=2, end_id=2, pad_id=1)
        >>> source.tolist(), target.tolist(), labels.tolist()
        ([[7, 8, 2]], [[2, 7, 8]], [[7, 8, 2]])

    Source: Book section 2.3.3; Lewis et al. (2020), section 2.
    """
    if not texts:
        raise InvalidInput("there is no text in the batch: give one or more")
    ends, starts = torch.tensor([end_id]), torch.tensor([start_id])
    sources = [torch.cat([noise(text, generator), ends]) for text in texts]

    def pad(rows: list[Tensor], filler: int) -> Tensor:
        return torch.nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=filler)

    targets = pad([torch.cat([starts, text]) for text in texts], pad_id)
    return pad(sources, pad_id), targets, pad([torch.cat([text, ends]) for text in texts], IGNORE)


def _hit(ids: Tensor, generator: torch.Generator, rate: float | int) -> Tensor:
    """Which tokens a noise strikes: each with the same probability, independently."""
    _check_rate(rate)
    return torch.rand(ids.shape, generator=generator) < rate


def _check_rate(rate: float | int) -> None:
    if not 0 <= rate <= 1:
        raise InvalidInput(f"rate is {rate}: give a share of the tokens, between 0 and 1")
