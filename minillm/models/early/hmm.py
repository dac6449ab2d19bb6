"""The hidden Markov language model: a chain of hidden states, each of which emits a token."""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from minillm.errors import InvalidInput
from minillm.models.early.interface import check_ids, require_positive


@dataclass(frozen=True)
class HiddenMarkovConfig:
    """Sizes of a hidden Markov language model.

    Args:
        vocab_size: Number of tokens that can be emitted.
        states: Number of hidden states.

    Raises:
        InvalidInput: A size is below 1.

    Example:
        >>> HiddenMarkovConfig(vocab_size=1000, states=32).states
        32
    """

    vocab_size: int
    states: int = 32

    def __post_init__(self) -> None:
        require_positive(vocab_size=self.vocab_size, states=self.states)


def log_matmul(
    log_left: Float[Tensor, "batch inner"], log_right: Float[Tensor, "inner outer"]
) -> Float[Tensor, "batch outer"]:
    r"""Matrix product of probabilities that are given and returned as logarithms.

    Each row is divided by its largest entry before the exponential and multiplied by it after the logarithm,
    so rows of any magnitude survive. Sums that vanish all the same are lifted to the smallest normal number:
    a probability of zero would have no logarithm and no gradient.

    Args:
        log_left: Logarithms of the left factor.
        log_right: Logarithms of the right factor, whose entries are probabilities.

    Returns:
        :math:`\log \sum_k L_{ik} R_{kj}`.

    Example:
        >>> half = torch.full((2, 2), 0.5).log()
        >>> log_matmul(half - 500, half).exp()  # 0.5 exp(-500) underflows, its logarithm does not
        tensor([[0., 0.],
                [0., 0.]])
    """
    largest = log_left.amax(dim=-1, keepdim=True).detach()
    product = (log_left - largest).exp() @ log_right.exp()
    return product.clamp_min(torch.finfo(product.dtype).tiny).log() + largest


class HiddenMarkovLM(nn.Module):
    r"""Predict a token by tracking a belief about a hidden state.

    State :math:`z_1` is drawn from :math:`\pi`, every next one from row :math:`z_t` of :math:`A`, and each
    emits its token from row :math:`z_t` of :math:`B`. The three are kept as unnormalized logarithms, so that
    the model can be trained by gradient descent like the others;
    :func:`minillm.models.early.baum_welch.baum_welch` trains it by EM.

    A token's "vector" is the column of :math:`\log B` that says how likely each state is to emit it. The
    start symbol stands first in every row, and nowhere else: it tells nothing about a state.

    Args:
        config: The sizes.

    Example:
        >>> model = HiddenMarkovLM(HiddenMarkovConfig(vocab_size=10, states=4))
        >>> model(torch.tensor([[10, 1, 2]])).exp().sum(-1)
        tensor([[1.0000, 1.0000, 1.0000]], grad_fn=<SumBackward1>)

    Source:
        Rabiner 1989, sections II and III.
    """

    def __init__(self, config: HiddenMarkovConfig) -> None:
        super().__init__()
        self.config = config
        self.vocab_size = config.vocab_size
        self.initial = nn.Parameter(torch.randn(config.states))
        self.transition = nn.Parameter(torch.randn(config.states, config.states))
        self.emission = nn.Parameter(torch.randn(config.states, config.vocab_size))

    def log_initial(self) -> Float[Tensor, " states"]:
        """Logarithm of the first state's distribution."""
        return self.initial.log_softmax(dim=-1)

    def log_transition(self) -> Float[Tensor, "states states"]:
        """Logarithm of the next state's distribution, one row per state."""
        return self.transition.log_softmax(dim=-1)

    def log_emission(self) -> Float[Tensor, "states vocab"]:
        """Logarithm of the emitted token's distribution, one row per state."""
        return self.emission.log_softmax(dim=-1)

    def embed(self, ids: Int[Tensor, "batch time"]) -> Float[Tensor, "batch time states"]:
        """For each token the log-probability that each state emits it (see :class:`CausalLM`)."""
        check_ids(ids, self.vocab_size)
        is_start = ids == self.vocab_size
        if not bool(is_start[:, 0].all()) or bool(is_start[:, 1:].any()):
            raise InvalidInput(
                f"The start symbol, id {self.vocab_size}, must stand first in every row and nowhere else: "
                "the chain begins there."
            )
        no_evidence = self.emission.new_zeros(1, self.config.states)
        return F.embedding(ids, torch.cat([self.log_emission().T, no_evidence]))

    def predict(self, vectors: Float[Tensor, "batch time states"]) -> Float[Tensor, "batch time vocab"]:
        """Log-probabilities by the forward algorithm (see :class:`CausalLM`)."""
        log_transition, log_emission = self.log_transition(), self.log_emission()
        belief = self.log_initial().expand(len(vectors), -1)
        beliefs = [belief]
        for evidence in vectors[:, 1:].unbind(dim=1):
            belief = log_matmul((belief + evidence).log_softmax(dim=-1), log_transition)
            beliefs.append(belief)
        flat = torch.stack(beliefs, dim=1).flatten(0, 1)
        return log_matmul(flat, log_emission).unflatten(0, (len(vectors), -1))

    def forward(self, ids: Int[Tensor, "batch time"]) -> Float[Tensor, "batch time vocab"]:
        """Log-probabilities of the token after each position.

        Args:
            ids: Token ids; a row is a sentence and begins with the start symbol.

        Returns:
            Normalized log-probabilities, which serve as logits.

        Raises:
            InvalidInput: An id is out of range, or the start symbol is not where it belongs.
        """
        return self.predict(self.embed(ids))
