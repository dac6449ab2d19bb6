"""What all early language models share: how a sentence is laid out, and how a model is called.

A row of a batch is one sentence. The vocabulary's ids are ``0 .. vocab_size - 1``; they are what a model can
predict, the end symbol among them. The start symbol has the id ``vocab_size``: it can be read but never
predicted, so every model spreads its probability over exactly the same events as an n-gram model does.
"""

from typing import Protocol, runtime_checkable

from jaxtyping import Float, Int
from torch import Tensor, nn

from minillm.errors import InvalidInput


@runtime_checkable
class CausalLM(Protocol):
    """A model that predicts at every position the token after it.

    ``model(ids)`` is ``model.predict(model.embed(ids))``. The cut between the two is where gradients are
    taken to see which inputs an output depends on.
    """

    vocab_size: int

    def embed(self, ids: Int[Tensor, "batch time"]) -> Float[Tensor, "batch time features"]:
        """Look up one vector per token, each from its own token alone."""
        ...

    def predict(self, vectors: Float[Tensor, "batch time features"]) -> Float[Tensor, "batch time vocab"]:
        """Logits for the token after each position."""
        ...

    def __call__(self, ids: Int[Tensor, "batch time"]) -> Float[Tensor, "batch time vocab"]:
        """Logits for the token after each position."""
        ...


def require_positive(**values: int) -> None:
    """Check that every named size is at least 1.

    Args:
        **values: The sizes, by the name that the reader knows them by.

    Raises:
        InvalidInput: One of them is below 1.

    Example:
        >>> require_positive(hidden=64, layers=2)
    """
    for name, value in values.items():
        if value < 1:
            raise InvalidInput(f"{name}={value}: a size must be at least 1.")


def lookup(embedding: nn.Embedding, ids: Int[Tensor, "batch time"]) -> Float[Tensor, "batch time features"]:
    """Look tokens up in a table of ``vocab_size + 1`` rows, the last of which is the start symbol's.

    Args:
        embedding: The table.
        ids: Token ids, start symbol included.

    Returns:
        One row of the table per token.

    Raises:
        InvalidInput: An id has no row in the table.

    Example:
        >>> lookup(nn.Embedding(4, 8), torch.tensor([[3, 0, 2]])).shape
        torch.Size([1, 3, 8])
    """
    check_ids(ids, embedding.num_embeddings - 1)
    vectors: Tensor = embedding(ids)
    return vectors


def check_ids(ids: Int[Tensor, "batch time"], vocab_size: int) -> None:
    """Check that every id is a token of the vocabulary or the start symbol.

    Args:
        ids: Token ids.
        vocab_size: Number of tokens that can be predicted; the start symbol has this number as its id.

    Raises:
        InvalidInput: An id is negative or too large.

    Example:
        >>> check_ids(torch.tensor([[3, 0, 2]]), vocab_size=3)
    """
    if ids.numel() == 0:
        raise InvalidInput(f"ids of shape {tuple(ids.shape)} hold no token; give at least one row and one position.")
    low, high = int(ids.min()), int(ids.max())
    if low < 0 or high > vocab_size:
        raise InvalidInput(
            f"ids from {low} to {high} were given; allowed are 0 to {vocab_size - 1} for tokens and {vocab_size} "
            "for the start symbol. Encode the text with the vocabulary that the model was built for."
        )
