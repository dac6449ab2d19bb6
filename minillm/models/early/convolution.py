"""A gated convolutional language model: every position at once, from a window that grows with depth."""

from dataclasses import dataclass

from einops import rearrange
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from minillm.models.early.interface import lookup, require_positive


@dataclass(frozen=True)
class ConvolutionConfig:
    """Sizes of a gated convolutional language model.

    Args:
        vocab_size: Number of tokens that can be predicted.
        width: Width of token vectors and layers.
        layers: Number of gated blocks.
        kernel: Number of positions that one block sees, its own included.

    Raises:
        InvalidInput: A size is below 1.

    Example:
        >>> ConvolutionConfig(vocab_size=1000, layers=4, kernel=3).receptive_field
        9
    """

    vocab_size: int
    width: int = 64
    layers: int = 3
    kernel: int = 3

    def __post_init__(self) -> None:
        require_positive(vocab_size=self.vocab_size, width=self.width, layers=self.layers, kernel=self.kernel)

    @property
    def receptive_field(self) -> int:
        """Number of tokens that an output depends on."""
        return 1 + self.layers * (self.kernel - 1)


class GatedBlock(nn.Module):
    r"""A causal convolution whose output is gated: :math:`x + (x * W + b) \odot \sigma(x * V + c)`.

    Args:
        width: Channels in and out.
        kernel: Positions seen.

    Example:
        >>> GatedBlock(8, 3)(torch.zeros(2, 5, 8)).shape
        torch.Size([2, 5, 8])

    Source:
        Dauphin et al. 2017, equation 1 and section 2.
    """

    def __init__(self, width: int, kernel: int) -> None:
        super().__init__()
        self.kernel = kernel
        self.convolution = nn.Conv1d(width, 2 * width, kernel)

    def pad(self, x: Float[Tensor, "batch width time"]) -> Float[Tensor, "batch width padded"]:
        """Put all the padding in front, so that position t is the last that its output sees.

        Args:
            x: The sequence.

        Returns:
            The sequence with ``kernel - 1`` zeros before it.
        """
        return F.pad(x, (self.kernel - 1, 0))

    def forward(self, x: Float[Tensor, "batch time width"]) -> Float[Tensor, "batch time width"]:
        """Convolve, gate, add the input back.

        Args:
            x: The sequence.

        Returns:
            A sequence of the same shape.
        """
        padded = self.pad(rearrange(x, "batch time width -> batch width time"))
        gated = F.glu(self.convolution(padded), dim=1)
        return x + rearrange(gated, "batch width time -> batch time width")


class ConvolutionLM(nn.Module):
    """Predict a token from the window of tokens that a stack of causal convolutions sees.

    Args:
        config: The sizes.

    Example:
        >>> model = ConvolutionLM(ConvolutionConfig(vocab_size=10))
        >>> model(torch.tensor([[10, 1, 2]])).shape
        torch.Size([1, 3, 10])

    Source:
        Book section 2.1; Dauphin et al. 2017.
    """

    def __init__(self, config: ConvolutionConfig) -> None:
        super().__init__()
        self.config = config
        self.vocab_size = config.vocab_size
        self.embedding = nn.Embedding(config.vocab_size + 1, config.width)
        self.blocks = nn.Sequential(*(GatedBlock(config.width, config.kernel) for _ in range(config.layers)))
        self.output = nn.Linear(config.width, config.vocab_size)

    def embed(self, ids: Int[Tensor, "batch time"]) -> Float[Tensor, "batch time features"]:
        """Look up each token's vector (see :class:`CausalLM`)."""
        return lookup(self.embedding, ids)

    def predict(self, vectors: Float[Tensor, "batch time features"]) -> Float[Tensor, "batch time vocab"]:
        """Logits from the window that ends at each position (see :class:`CausalLM`)."""
        logits: Tensor = self.output(self.blocks(vectors))
        return logits

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
