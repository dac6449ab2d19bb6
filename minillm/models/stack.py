"""Running a stack of blocks, with the bookkeeping that all models share.

Source: book equation (2.24), iterated over the layers (errata E21).
"""

from collections.abc import Sequence

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from minillm.errors import InvalidInput
from minillm.nn import Block, KeysValues, KVCache, Rotation, Trace, Visibility


def run_blocks(
    blocks: nn.ModuleList,
    x: Float[Tensor, "batch time width"],
    see: Visibility,
    *,
    bias: Float[Tensor, "..."] | None = None,
    rotation: Rotation | None = None,
    cache: KVCache | None = None,
    memory: Sequence[KeysValues] | None = None,
    memory_mask: Bool[Tensor, "batch source"] | None = None,
    trace: Trace | None = None,
) -> Float[Tensor, "batch time width"]:
    """Pass hidden states through the blocks one after the other.

    Args:
        blocks: The layers.
        x: Embedding output.
        see: Who may attend to whom.
        bias: Added to the scores (ALiBi).
        rotation: Rotary positions.
        cache: Keys and values of the tokens before; grows by these.
        memory: Keys and values for cross-attention, one pair a layer.
        memory_mask: True at the source's real tokens.
        trace: Filled with hidden states and attention maps.

    Returns:
        What the last block returns.

    Example:
        >>> from minillm.models import GPT, GPTConfig
        >>> import torch
        >>> model = GPT(GPTConfig.tiny())
        >>> run_blocks(model.blocks, torch.randn(1, 3, 32), Visibility(None, True)).shape
        torch.Size([1, 3, 32])

    Source: book equation (2.24).
    """
    shown = None if memory_mask is None else memory_mask[:, None, None, :]
    if trace is not None:
        trace.hidden.append(x)
    for index, block in enumerate(blocks):
        x = block(
            x,
            mask=see.mask,
            causal=see.causal,
            bias=bias,
            rotation=rotation,
            cache=None if cache is None else cache.layer(index),
            memory=None if memory is None else memory[index],
            memory_mask=shown,
            trace=trace,
        )
        if trace is not None:
            trace.hidden.append(x)
    if cache is not None:
        cache.advance(x.shape[1])
    return x


def cross_memory(
    blocks: nn.ModuleList,
    memory: Float[Tensor, "batch source width"] | None,
    mask: Bool[Tensor, "batch shown"] | None,
    cache: KVCache | None,
) -> tuple[list[KeysValues], Bool[Tensor, "batch shown"] | None]:
    """Keys and values of the encoder's output for every layer of a decoder, projected once for a whole decoding.

    Args:
        blocks: The decoder's layers.
        memory: The encoder's output; may be None once the cache holds what was made of it.
        mask: True at the source's real tokens.
        cache: Keeps keys, values and mask from the first step on.

    Returns:
        One pair a layer, and the mask.

    Raises:
        InvalidInput: There is neither memory nor a cache that has seen one, or the mask does not fit the memory.

    Example:
        >>> from minillm.models import BART, BARTConfig
        >>> import torch
        >>> model = BART(BARTConfig.tiny())
        >>> pairs, _ = cross_memory(model.decoder_blocks, torch.randn(1, 3, 32), None, None)
        >>> pairs[0].keys.shape
        torch.Size([1, 4, 3, 8])

    Source: book section 2.2.5.
    """
    if cache is not None and cache.cross is not None:
        return cache.cross, cache.cross_mask
    if memory is None:
        raise InvalidInput("there is nothing to translate from: give source, or memory=model.encode(source).")
    if mask is not None and mask.shape[1] != memory.shape[1]:
        raise InvalidInput(f"source_mask covers {mask.shape[1]} positions, but the source has {memory.shape[1]}.")
    pairs = []
    for block in blocks:
        assert isinstance(block, Block)
        assert block.cross is not None
        pairs.append(block.cross.keys_values(memory))
    if cache is not None:
        cache.cross, cache.cross_mask = pairs, mask
    return pairs, mask


def new_cache(blocks: nn.ModuleList, batch: int, length: int, dtype: torch.dtype | None = None) -> KVCache:
    """An empty key/value cache for a stack of blocks, on their device.

    Args:
        blocks: The layers.
        batch: Rows.
        length: Most positions it can hold.
        dtype: Of the numbers kept; the weights' own by default.

    Returns:
        The cache.

    Example:
        >>> from minillm.models import Llama, LlamaConfig
        >>> new_cache(Llama(LlamaConfig.tiny()).blocks, batch=2, length=9).keys[0].shape
        torch.Size([2, 2, 9, 8])

    Source: book section 2.4.2.
    """
    first = blocks[0]
    assert isinstance(first, Block)
    attention, weight = first.attention, first.attention.key.weight
    size = attention.kv_heads, length, attention.head_width
    return KVCache(len(blocks), batch, *size, dtype or weight.dtype, weight.device)
