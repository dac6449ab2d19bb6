"""One layer of a Transformer: attention and feed-forward, each with a residual connection and a norm.

Source: book sections 2.2.4, 2.2.5 and 2.4.1; Xiong et al. 2020 (where the norm stands); Chowdhery et al. 2022
(parallel layers).
"""

from collections.abc import Callable

import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor, nn

from minillm.errors import InvalidInput
from minillm.nn.attention import Attention
from minillm.nn.cache import KeysValues, LayerCache
from minillm.nn.rotary import Rotation
from minillm.nn.trace import Trace

ORDERS = ("pre", "post", "parallel")


class Block(nn.Module):
    """Attention, cross-attention where there is any, and a feed-forward layer.

    Three orders, with A for attention, F for the feed-forward layer and N for a norm:

    - ``pre``: ``x = x + A(N(x))``, then ``x + F(N(x))`` (GPT-2, LLaMA);
    - ``post``: ``x = N(x + A(x))``, then ``N(x + F(x))`` (Vaswani 2017, BERT, GPT-1, BART);
    - ``parallel``: ``x + A(N(x)) + F(N(x))`` with one norm (GPT-J, PaLM).

    Args:
        attention: Self-attention.
        feedforward: The feed-forward layer.
        norm: Makes a norm; called once for each that is needed.
        order: One of the three.
        cross: Cross-attention, between the two others; not in ``parallel`` blocks.
        dropout: Probability of dropping a unit of each part's output in training.

    Raises:
        InvalidInput: The order is unknown, or a parallel block is given cross-attention.

    Example:
        >>> import torch
        >>> from minillm.nn import FeedForward, LayerNorm
        >>> block = Block(Attention(8, 2), FeedForward(8), lambda: LayerNorm(8))
        >>> block(torch.randn(1, 5, 8), causal=True).shape
        torch.Size([1, 5, 8])

    Source: book equations (2.9) and (2.10), section 2.4.1 for pre-norm.
    """

    def __init__(
        self,
        attention: Attention,
        feedforward: nn.Module,
        norm: Callable[[], nn.Module],
        *,
        order: str = "pre",
        cross: Attention | None = None,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        if order not in ORDERS:
            raise InvalidInput(f"there is no order {order!r} of a block; choose one of {', '.join(ORDERS)}.")
        if order == "parallel" and cross is not None:
            raise InvalidInput("a parallel block has no cross-attention; choose the order 'pre' or 'post'.")
        self.order, self.dropout = order, dropout
        self.attention_norm = norm()
        self.attention = attention
        self.cross_norm = norm() if cross is not None else None
        self.cross = cross
        self.feedforward_norm = norm() if order != "parallel" else None
        self.feedforward = feedforward

    def forward(
        self,
        x: Float[Tensor, "batch time width"],
        *,
        mask: Bool[Tensor, "..."] | None = None,
        causal: bool = False,
        bias: Float[Tensor, "..."] | None = None,
        rotation: Rotation | None = None,
        cache: LayerCache | None = None,
        memory: Float[Tensor, "batch keys width"] | KeysValues | None = None,
        memory_mask: Bool[Tensor, "..."] | None = None,
        trace: Trace | None = None,
    ) -> Float[Tensor, "batch time width"]:
        """Run the layer.

        Args:
            x: Hidden states.
            mask: True where self-attention is allowed; broadcastable to (batch, heads, queries, keys).
            causal: Hide the future.
            bias: Added to the scores of self-attention (ALiBi).
            rotation: Rotary positions.
            cache: Earlier keys and values of self-attention.
            memory: What cross-attention reads.
            memory_mask: True where cross-attention is allowed.
            trace: Where attention maps are written.

        Returns:
            Hidden states of the same shape.

        Raises:
            InvalidInput: Cross-attention has no memory, or there is a memory and no cross-attention.

        Source: book sections 2.2.4 and 2.2.5.
        """
        if (memory is None) != (self.cross is None):
            raise InvalidInput("cross-attention and memory go together: give a block both or neither.")

        def attend(state: Tensor) -> Tensor:
            weights = None if trace is None else trace.attention
            return self.attention(
                state, mask=mask, causal=causal, bias=bias, rotation=rotation, cache=cache, weights=weights
            )

        if self.order == "parallel":
            normed = self.attention_norm(x)
            return x + self._drop(attend(normed)) + self._drop(self.feedforward(normed))
        x = self._residual(x, attend, self.attention_norm)
        cross = self.cross
        if cross is not None:
            weights = None if trace is None else trace.cross
            x = self._residual(
                x, lambda state: cross(state, memory, mask=memory_mask, weights=weights), self.cross_norm
            )
        return self._residual(x, self.feedforward, self.feedforward_norm)

    def _residual(self, x: Tensor, part: Callable[[Tensor], Tensor], norm: nn.Module | None) -> Tensor:
        assert norm is not None
        if self.order == "pre":
            return x + self._drop(part(norm(x)))
        return norm(x + self._drop(part(x)))

    def _drop(self, x: Tensor) -> Tensor:
        return F.dropout(x, self.dropout, self.training) if self.dropout else x
