"""Recurrent language models: one state, carried from token to token, stands for the whole history."""

from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from minillm.errors import InvalidInput
from minillm.models.early.cells import ElmanCell, GRUCell, LSTMCell
from minillm.models.early.interface import lookup, require_positive

CellName = Literal["elman", "lstm", "gru"]
_CELLS = {"elman": ElmanCell, "lstm": LSTMCell, "gru": GRUCell}
_FUSED = {"elman": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}


@dataclass(frozen=True)
class RecurrentConfig:
    """Sizes of a recurrent language model.

    Args:
        vocab_size: Number of tokens that can be predicted.
        cell: ``"elman"``, ``"lstm"`` or ``"gru"``.
        embedding: Width of a token's vector.
        hidden: Width of the state.
        layers: Number of recurrent layers, one on top of the other.
        fused: Run ``torch.nn``'s fused loop over time rather than :class:`StepByStep`. Both compute the same;
            the fused one is faster and what the experiments use.

    Raises:
        InvalidInput: A size is below 1 or the cell is unknown.

    Example:
        >>> RecurrentConfig(vocab_size=1000, cell="gru").cell
        'gru'
    """

    vocab_size: int
    cell: CellName = "lstm"
    embedding: int = 64
    hidden: int = 64
    layers: int = 1
    fused: bool = True

    def __post_init__(self) -> None:
        require_positive(vocab_size=self.vocab_size, embedding=self.embedding, hidden=self.hidden, layers=self.layers)
        if self.cell not in _CELLS:
            raise InvalidInput(f"cell={self.cell!r} is not known; choose one of {', '.join(_CELLS)}.")


class StepByStep(nn.Module):
    """Stacked recurrent layers as two plain loops: over the layers, and in each over time.

    Args:
        cell: ``"elman"``, ``"lstm"`` or ``"gru"``.
        input_size: Width of the token vectors.
        hidden_size: Width of every layer's state.
        layers: Number of layers.

    Example:
        >>> StepByStep("gru", 8, 16)(torch.zeros(2, 5, 8)).shape
        torch.Size([2, 5, 16])

    Source:
        Elman 1990; Hochreiter and Schmidhuber 1997; Cho et al. 2014.
    """

    def __init__(self, cell: CellName, input_size: int, hidden_size: int, layers: int = 1) -> None:
        super().__init__()
        sizes = [input_size] + [hidden_size] * (layers - 1)
        self.cells = nn.ModuleList([_CELLS[cell](size, hidden_size) for size in sizes])

    def forward(self, x: Float[Tensor, "batch time input"]) -> Float[Tensor, "batch time hidden"]:
        """Run every layer over the whole sequence, from a state of zeros.

        Args:
            x: Token vectors.

        Returns:
            The last layer's hidden state after every token.
        """
        for cell in self.cells:
            state = None
            outputs = []
            for x_t in x.unbind(dim=1):
                state = cell(x_t, state)
                outputs.append(state[0])
            x = torch.stack(outputs, dim=1)
        return x

    def copy_from(self, fused: nn.RNNBase) -> None:
        """Take over the weights of a ``torch.nn`` module of the same kind and size.

        Args:
            fused: A ``torch.nn.RNN``, ``LSTM`` or ``GRU``.

        Raises:
            InvalidInput: The shapes differ.
        """
        for layer, cell in enumerate(self.cells):
            ours = {"ih": cell.input, "hh": cell.recurrent}
            for part, linear in ours.items():
                for kind in ("weight", "bias"):
                    source, target = getattr(fused, f"{kind}_{part}_l{layer}", None), getattr(linear, kind)
                    if source is None or source.shape != target.shape:
                        raise InvalidInput(
                            f"Layer {layer} holds {kind}_{part} of shape {tuple(target.shape)}, {fused} does "
                            "not; build both with the same cell, widths and number of layers, with biases."
                        )
                    target.data.copy_(source.data)


class RecurrentLM(nn.Module):
    """Predict a token from a state that has read all tokens before it.

    Args:
        config: The kind of cell and the sizes.

    Example:
        >>> model = RecurrentLM(RecurrentConfig(vocab_size=10, cell="elman"))
        >>> model(torch.tensor([[10, 1, 2]])).shape
        torch.Size([1, 3, 10])

    Source:
        Book section 2.1; Mikolov et al. 2010; Sundermeyer et al. 2012 for the LSTM.
    """

    def __init__(self, config: RecurrentConfig) -> None:
        super().__init__()
        self.config = config
        self.vocab_size = config.vocab_size
        self.embedding = nn.Embedding(config.vocab_size + 1, config.embedding)
        self.layers: nn.Module
        if config.fused:
            self.layers = _FUSED[config.cell](
                config.embedding, config.hidden, num_layers=config.layers, batch_first=True
            )
        else:
            self.layers = StepByStep(config.cell, config.embedding, config.hidden, config.layers)
        self.output = nn.Linear(config.hidden, config.vocab_size)

    def embed(self, ids: Int[Tensor, "batch time"]) -> Float[Tensor, "batch time features"]:
        """Look up each token's vector (see :class:`CausalLM`)."""
        return lookup(self.embedding, ids)

    def states(self, vectors: Float[Tensor, "batch time features"]) -> Float[Tensor, "batch time hidden"]:
        """The top layer's hidden state after every token, from a state of zeros.

        Args:
            vectors: Token vectors.

        Returns:
            One state per position.
        """
        result = self.layers(vectors)
        hidden: Tensor = result[0] if self.config.fused else result
        return hidden

    def predict(self, vectors: Float[Tensor, "batch time features"]) -> Float[Tensor, "batch time vocab"]:
        """Logits from the state after each token (see :class:`CausalLM`)."""
        logits: Tensor = self.output(self.states(vectors))
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
