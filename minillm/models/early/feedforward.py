"""The neural probabilistic language model: an n-gram model whose table is a feed-forward network."""

from dataclasses import dataclass

import torch
from einops import rearrange, repeat
from jaxtyping import Float, Int
from torch import Tensor, nn

from minillm.errors import InvalidInput
from minillm.models.early.interface import lookup, require_positive


@dataclass(frozen=True)
class FeedForwardConfig:
    """Sizes of a feed-forward language model.

    Args:
        vocab_size: Number of tokens that can be predicted.
        order: n as in n-gram: the model sees the last ``order - 1`` tokens.
        embedding: Width of a token's vector.
        hidden: Width of the hidden layer.
        direct: Also connect the token vectors straight to the output, as the paper does in half of its runs.

    Raises:
        InvalidInput: A size is below 1, or the order below 2.

    Example:
        >>> FeedForwardConfig(vocab_size=1000, order=4).order
        4

    Source:
        Bengio et al. 2003, section 2.
    """

    vocab_size: int
    order: int = 3
    embedding: int = 64
    hidden: int = 64
    direct: bool = False

    def __post_init__(self) -> None:
        require_positive(vocab_size=self.vocab_size, embedding=self.embedding, hidden=self.hidden)
        if self.order < 2:
            raise InvalidInput(
                f"order={self.order}: the network needs at least one token to look at, so an order of 2 or more."
            )


class FeedForwardLM(nn.Module):
    r"""Predict a token from the vectors of the ``order - 1`` tokens before it.

    With :math:`x` the concatenation of those vectors, the logits are :math:`y = b + Wx + U\tanh(d + Hx)`,
    where :math:`W` is zero without direct connections. Before the first token of a row stands the start
    symbol, as often as the window needs it.

    Args:
        config: The sizes.

    Example:
        >>> model = FeedForwardLM(FeedForwardConfig(vocab_size=10))
        >>> model(torch.tensor([[10, 1, 2]])).shape
        torch.Size([1, 3, 10])

    Source:
        Book section 2.1; Bengio et al. 2003, equation 1.
    """

    def __init__(self, config: FeedForwardConfig) -> None:
        super().__init__()
        self.config = config
        self.vocab_size = config.vocab_size
        window = (config.order - 1) * config.embedding
        self.embedding = nn.Embedding(config.vocab_size + 1, config.embedding)
        self.hidden = nn.Linear(window, config.hidden)
        self.output = nn.Linear(config.hidden, config.vocab_size)
        self.direct = nn.Linear(window, config.vocab_size, bias=False) if config.direct else None

    def embed(self, ids: Int[Tensor, "batch time"]) -> Float[Tensor, "batch time features"]:
        """Look up each token's vector (see :class:`CausalLM`)."""
        return lookup(self.embedding, ids)

    def predict(self, vectors: Float[Tensor, "batch time features"]) -> Float[Tensor, "batch time vocab"]:
        """Logits from the window that ends at each position (see :class:`CausalLM`)."""
        context = self.config.order - 1
        start = repeat(
            self.embedding.weight[self.vocab_size],
            "features -> batch time features",
            batch=len(vectors),
            time=context - 1,
        )
        windows = torch.cat([start, vectors], dim=1).unfold(1, context, 1)
        x = rearrange(windows, "batch time features context -> batch time (context features)")
        logits: Tensor = self.output(torch.tanh(self.hidden(x)))
        return logits if self.direct is None else logits + self.direct(x)

    def forward(self, ids: Int[Tensor, "batch time"]) -> Float[Tensor, "batch time vocab"]:
        """Logits for the token after each position.

        Args:
            ids: Token ids; a row is a sentence and begins with the start symbol.

        Returns:
            Logits over the vocabulary.

        Raises:
            InvalidInput: An id is out of range.
        """
        return self.predict(self.embed(ids))
