"""Greedy translation with an encoder-decoder.

Source: book section 2.2.5, listing I, whose ``translate`` fails in six ways (errata E17, E18).
"""

import torch
from jaxtyping import Bool, Int
from torch import Tensor

from minillm.errors import InvalidInput
from minillm.models.bart import BART
from minillm.models.transformer import Transformer


@torch.no_grad()
def greedy_translate(
    model: Transformer | BART,
    source: Int[Tensor, "batch source"],
    *,
    begin: int,
    end: int,
    length: int,
    source_mask: Bool[Tensor, "batch source"] | None = None,
    cached: bool = True,
) -> Int[Tensor, "batch steps"]:
    """Write the most probable next token until every row has ended.

    The source is read once. With a cache every step costs one position; without one, each step computes the whole
    target again. Both write the same.

    Args:
        model: A model in evaluation mode.
        source: Token ids to read.
        begin: The token that a target begins with.
        end: The token that ends a target.
        length: Most tokens to write.
        source_mask: True at the source's real tokens.
        cached: Keep keys and values.

    Returns:
        What was written, without ``begin``; a row that ended earlier is filled up with ``end``.

    Raises:
        InvalidInput: ``length`` is below 1.

    Example:
        >>> from minillm.models import TransformerConfig
        >>> model = Transformer(TransformerConfig.tiny()).eval()
        >>> greedy_translate(model, torch.ones(2, 4, dtype=torch.long), begin=1, end=2, length=3).shape[0]
        2

    Source: book section 2.2.5, listing I.
    """
    if length < 1:
        raise InvalidInput(f"length is {length}; give the most tokens to write, 1 or more.")
    memory = model.encode(source, source_mask)
    batch = source.shape[0]
    cache = model.new_cache(batch, length) if cached else None
    written = torch.full((batch, 1), begin, dtype=torch.long, device=source.device)
    ended = torch.zeros(batch, dtype=torch.bool, device=source.device)
    for _ in range(length):
        new = written if cache is None else written[:, -1:]
        logits = model(None, new, memory=memory, source_mask=source_mask, cache=cache, last=True)
        chosen = logits[:, -1].argmax(-1).masked_fill(ended, end)
        written = torch.cat((written, chosen[:, None]), dim=1)
        ended |= chosen == end
        if ended.all():
            break
    return written[:, 1:]
