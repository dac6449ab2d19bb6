"""Words in context: a forward and a backward language model whose states together stand for a word where it
occurs.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from minillm.errors import InvalidInput
from minillm.models.early.batches import IGNORE, Batch
from minillm.models.early.interface import lookup, require_positive

_CHUNK = 64


@dataclass(frozen=True)
class ElmoConfig:
    """Sizes of a pair of language models.

    Args:
        vocab_size: Number of tokens that can be predicted.
        width: Width of token vectors and of every direction's states.
        layers: Recurrent layers per direction.

    Raises:
        InvalidInput: A size is below 1.

    Example:
        >>> ElmoConfig(vocab_size=1000).layers
        2
    """

    vocab_size: int
    width: int = 64
    layers: int = 2

    def __post_init__(self) -> None:
        require_positive(vocab_size=self.vocab_size, width=self.width, layers=self.layers)


def reverse_rows(ids: Int[Tensor, "batch time"], lengths: Int[Tensor, " batch"]) -> Int[Tensor, "batch time"]:
    """Turn the first ``lengths[i]`` entries of every row around; leave what fills it up where it is.

    Args:
        ids: Rows.
        lengths: How much of each row to turn around.

    Returns:
        The rows turned around.

    Raises:
        InvalidInput: A length is negative or longer than the rows.

    Example:
        >>> reverse_rows(torch.tensor([[1, 2, 3, 0], [4, 5, 0, 0]]), torch.tensor([3, 2])).tolist()
        [[3, 2, 1, 0], [5, 4, 0, 0]]
    """
    width = ids.shape[1]
    if bool((lengths < 0).any()) or bool((lengths > width).any()):
        raise InvalidInput(f"lengths={lengths.tolist()} were given for rows of {width}; allowed are 0 to {width}.")
    return ids.gather(1, _mirror(lengths, width))


def _mirror(lengths: Int[Tensor, " batch"], width: int) -> Int[Tensor, "batch time"]:
    """For every position the one that it changes places with."""
    positions = torch.arange(width).expand(len(lengths), -1)
    return torch.where(positions < lengths[:, None], lengths[:, None] - 1 - positions, positions)


class ElmoPair(nn.Module):
    """A forward and a backward LSTM language model that share token vectors and output layer.

    The backward model reads and predicts every sentence the other way round. Neither sees the word it
    predicts, but side by side their states at a word know both sides of it.

    Args:
        config: The sizes.

    Example:
        >>> pair = ElmoPair(ElmoConfig(vocab_size=10, width=8))
        >>> pair.layers(torch.tensor([[1, 2, 3]]), torch.tensor([3])).shape
        torch.Size([3, 1, 3, 16])

    Source:
        Peters et al. 2018, section 3.1.
    """

    def __init__(self, config: ElmoConfig) -> None:
        super().__init__()
        self.config = config
        self.vocab_size = config.vocab_size
        self.embedding = nn.Embedding(config.vocab_size + 1, config.width)
        self.forward_lstm = _lstm_layers(config)
        self.backward_lstm = _lstm_layers(config)
        self.output = nn.Linear(config.width, config.vocab_size)

    def states(
        self, vectors: Float[Tensor, "batch time width"], lstm: nn.ModuleList
    ) -> Float[Tensor, "layers batch time width"]:
        """Every layer's states in one direction.

        Args:
            vectors: Token vectors, in reading order.
            lstm: ``forward_lstm`` or ``backward_lstm``.

        Returns:
            The token vectors themselves as layer 0, then each recurrent layer's states.
        """
        layers = [vectors]
        for layer in lstm:
            layers.append(layer(layers[-1])[0])
        return torch.stack(layers)

    def loss(self, batch: Batch) -> Float[Tensor, ""]:
        """Mean cross-entropy of both directions, in nats per token.

        Args:
            batch: Sentences.

        Returns:
            The mean of the forward and the backward model's loss.
        """
        lengths = (batch.targets != IGNORE).sum(dim=1) - 1
        words = batch.inputs[:, 1:]
        turned = Batch(
            inputs=torch.cat([batch.inputs[:, :1], reverse_rows(words, lengths)], dim=1),
            targets=reverse_rows(batch.targets, lengths),
        )
        both = [
            self.direction_loss(batch, self.forward_lstm),
            self.direction_loss(turned, self.backward_lstm),
        ]
        return torch.stack(both).mean()

    def direction_loss(self, batch: Batch, lstm: nn.ModuleList) -> Float[Tensor, ""]:
        """Mean cross-entropy of one direction, in nats per token.

        Args:
            batch: Sentences, in that direction's reading order.
            lstm: ``forward_lstm`` or ``backward_lstm``.

        Returns:
            The loss.
        """
        top = self.states(lookup(self.embedding, batch.inputs), lstm)[-1]
        return F.cross_entropy(self.output(top).flatten(0, 1), batch.targets.flatten(), ignore_index=IGNORE)

    def layers(
        self, words: Int[Tensor, "batch time"], lengths: Int[Tensor, " batch"]
    ) -> Float[Tensor, "layers batch time features"]:
        """The contextual vectors of every word, layer by layer.

        Args:
            words: Token ids without start symbol; what stands after a sentence's end does not matter.
            lengths: Words in every row.

        Returns:
            Layer 0 is the token's own vector, twice, the same wherever the word stands. The layers above hold
            the forward state, which knows the word and what is left of it, beside the backward state, which
            knows the word and what is right of it.

        Raises:
            InvalidInput: An id or a length is out of range.
        """
        start = words.new_full((len(words), 1), self.vocab_size)
        left = torch.cat([start, words], dim=1)
        right = torch.cat([start, reverse_rows(words, lengths)], dim=1)
        forward = self.states(lookup(self.embedding, left), self.forward_lstm)[:, :, 1:]
        backward = self.states(lookup(self.embedding, right), self.backward_lstm)[:, :, 1:]
        mirror = _mirror(lengths, words.shape[1])[None, :, :, None]
        backward = backward.gather(2, mirror.expand_as(backward))
        return torch.cat([forward, backward], dim=-1)

    @torch.no_grad()
    def read(self, sentences: Sequence[Sequence[int]]) -> list[Float[Tensor, "layers _ features"]]:
        """The contextual vectors of whole sentences, for use rather than training.

        Args:
            sentences: Token ids without start symbol, at least one in each.

        Returns:
            For every sentence its layers, as :meth:`layers` gives them.

        Raises:
            InvalidInput: There are no sentences, one is empty, or an id is out of range.

        Example:
            >>> pair = ElmoPair(ElmoConfig(vocab_size=10, width=8))
            >>> [tuple(layers.shape) for layers in pair.read([[1, 2, 3], [4]])]
            [(3, 3, 16), (3, 1, 16)]
        """
        if not len(sentences) or not all(len(sentence) for sentence in sentences):
            raise InvalidInput("Sentences to read must be given, and none may be empty.")
        read = []
        for start in range(0, len(sentences), _CHUNK):
            chunk = [torch.tensor(sentence) for sentence in sentences[start : start + _CHUNK]]
            lengths = torch.tensor([len(words) for words in chunk])
            layers = self.layers(nn.utils.rnn.pad_sequence(chunk, batch_first=True), lengths)
            read += [layers[:, row, :length] for row, length in enumerate(lengths.tolist())]
        return read


class ScalarMix(nn.Module):
    r"""A task's own weighting of the layers: :math:`\gamma \sum_j s_j h_j` with :math:`s =
    \mathrm{softmax}(w)`.

    Args:
        layers: Number of layers, the token vectors' included.

    Example:
        >>> ScalarMix(3)(torch.ones(3, 2, 5, 8)).shape
        torch.Size([2, 5, 8])

    Source:
        Peters et al. 2018, equation 1.
    """

    def __init__(self, layers: int) -> None:
        super().__init__()
        require_positive(layers=layers)
        self.weights = nn.Parameter(torch.zeros(layers))
        self.scale = nn.Parameter(torch.ones(()))

    def forward(self, layers: Float[Tensor, "layers *shape"]) -> Float[Tensor, "*shape"]:
        """Mix the layers.

        Args:
            layers: One array per layer.

        Returns:
            Their weighted sum.

        Raises:
            InvalidInput: Their number is not the one the mix was built for.
        """
        if len(layers) != len(self.weights):
            raise InvalidInput(f"{len(layers)} layers were given to a mix of {len(self.weights)}.")
        return self.scale * torch.einsum("l,l...->...", self.weights.softmax(dim=0), layers)


def _lstm_layers(config: ElmoConfig) -> nn.ModuleList:
    """One LSTM per layer, so that the states of every layer can be had."""
    return nn.ModuleList(nn.LSTM(config.width, config.width, batch_first=True) for _ in range(config.layers))
