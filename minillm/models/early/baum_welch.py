"""Fitting and decoding a hidden Markov model without gradients: forward-backward, Baum-Welch and Viterbi.

Observations are rows of tokens, end symbol included, without the start symbol: the ``targets`` of a batch.
Positions after a sentence's end hold ``IGNORE``; they are treated as unobserved, which changes no
probability.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from minillm.errors import InvalidInput
from minillm.models.early.batches import IGNORE
from minillm.models.early.hmm import HiddenMarkovLM, log_matmul
from minillm.models.early.interface import check_ids, require_positive


@dataclass(frozen=True)
class ExpectedCounts:
    """How often each state, transition and emission is expected to have happened, given the observations.

    Args:
        initial: Rows that began in each state.
        transition: Steps from each state to each state.
        emission: Times that each state emitted each token.
        log_likelihood: Natural logarithm of the observations' probability.
    """

    initial: Float[Tensor, " states"]
    transition: Float[Tensor, "states states"]
    emission: Float[Tensor, "states vocab"]
    log_likelihood: float


def forward_backward(
    log_initial: Float[Tensor, " states"],
    log_transition: Float[Tensor, "states states"],
    evidence: Float[Tensor, "batch time states"],
) -> tuple[Float[Tensor, "batch time states"], Float[Tensor, "batch time states"]]:
    r"""Joint log-probabilities of a state with what came up to it, and with what comes after it.

    Args:
        log_initial: :math:`\log \pi`.
        log_transition: :math:`\log A`.
        evidence: Log-probability that each state emits the observed token; 0 where nothing was observed.

    Returns:
        :math:`\log \alpha_t(s) = \log P(x_{1:t}, z_t = s)` and :math:`\log \beta_t(s) = \log P(x_{t+1:T} \mid
        z_t = s)`.

    Example:
        >>> alpha, beta = forward_backward(pi, a, evidence)  # doctest: +SKIP
        >>> (alpha + beta).logsumexp(-1)  # the same at every t: the log-likelihood  # doctest: +SKIP

    Source:
        Rabiner 1989, equations 18 to 25.
    """
    steps = evidence.unbind(dim=1)
    alpha = [log_initial + steps[0]]
    for step in steps[1:]:
        alpha.append(log_matmul(alpha[-1], log_transition) + step)
    beta = [torch.zeros_like(steps[0])]
    for step in reversed(steps[1:]):
        beta.append(log_matmul(beta[-1] + step, log_transition.T))
    return torch.stack(alpha, dim=1), torch.stack(beta[::-1], dim=1)


@torch.no_grad()
def expected_counts(model: HiddenMarkovLM, observations: Int[Tensor, "batch time"]) -> ExpectedCounts:
    """The E step of Baum-Welch.

    Args:
        model: The model.
        observations: Rows of tokens, ``IGNORE`` after their ends.

    Returns:
        Expected counts under the model, and the log-likelihood.

    Raises:
        InvalidInput: A token is out of range or a row begins with ``IGNORE``.

    Example:
        >>> counts = expected_counts(model, batch.targets)  # doctest: +SKIP
        >>> float(counts.initial.sum())  # one start per row  # doctest: +SKIP
        32.0

    Source:
        Rabiner 1989, equations 27 and 37 to 40.
    """
    log_transition, log_emission = model.log_transition(), model.log_emission()
    observed, evidence = _evidence(model, observations)
    alpha, beta = forward_backward(model.log_initial(), log_transition, evidence)
    log_likelihood = alpha[:, -1].logsumexp(dim=-1)
    posterior = (alpha + beta - log_likelihood[:, None, None]).exp()
    transition = torch.zeros_like(log_transition)
    for t in range(1, observations.shape[1]):
        rows = observed[:, t]
        later = (evidence + beta)[rows, t] - log_likelihood[rows, None]
        pairs = alpha[rows, t - 1, :, None] + log_transition + later[:, None, :]
        transition += pairs.exp().sum(dim=0)
    emission = torch.zeros_like(log_emission)
    emission.index_add_(1, observations[observed], posterior[observed].T)
    return ExpectedCounts(posterior[:, 0].sum(dim=0), transition, emission, float(log_likelihood.sum()))


@torch.no_grad()
def baum_welch(model: HiddenMarkovLM, observations: Int[Tensor, "batch time"], iterations: int = 10) -> list[float]:
    """Fit the model to the observations by expectation maximization, in place.

    Args:
        model: The model; ``model.double()`` where small gains matter.
        observations: Rows of tokens, ``IGNORE`` after their ends.
        iterations: Number of E and M steps.

    Returns:
        The log-likelihood before every iteration and after the last: ``iterations + 1`` numbers that never
        fall.

    Raises:
        InvalidInput: No iterations, a token out of range, or a row that begins with ``IGNORE``.

    Example:
        >>> history = baum_welch(model, batch.targets, iterations=20)  # doctest: +SKIP

    Source:
        Baum et al. 1970; Rabiner 1989, section III C.
    """
    require_positive(iterations=iterations)
    history = []
    for _ in range(iterations):
        counts = expected_counts(model, observations)
        history.append(counts.log_likelihood)
        for parameter, count in (
            (model.initial, counts.initial),
            (model.transition, counts.transition),
            (model.emission, counts.emission),
        ):
            # Normalizing happens in log_softmax. A count of zero has no logarithm: the smallest stands for it.
            parameter.copy_(count.clamp_min(torch.finfo(count.dtype).tiny).log())
    history.append(expected_counts(model, observations).log_likelihood)
    return history


@torch.no_grad()
def viterbi(
    model: HiddenMarkovLM, observations: Int[Tensor, "batch time"]
) -> tuple[Int[Tensor, "batch time"], Float[Tensor, " batch"]]:
    """The most probable sequence of states behind each row.

    Args:
        model: The model.
        observations: Rows of tokens, ``IGNORE`` after their ends.

    Returns:
        States, ``IGNORE`` where nothing was observed, and the joint log-probability of each row and its
        states.

    Raises:
        InvalidInput: A token is out of range or a row begins with ``IGNORE``.

    Example:
        >>> states, score = viterbi(model, batch.targets)  # doctest: +SKIP

    Source:
        Viterbi 1967; Rabiner 1989, equations 32 to 35.
    """
    observed, evidence = _evidence(model, observations)
    log_transition, states = model.log_transition(), torch.arange(model.config.states)
    best = model.log_initial() + evidence[:, 0]
    pointers = []
    for t in range(1, observations.shape[1]):
        score, pointer = (best[:, :, None] + log_transition).max(dim=1)
        here = observed[:, t, None]
        best = torch.where(here, score + evidence[:, t], best)
        pointers.append(torch.where(here, pointer, states))
    total, state = best.max(dim=-1)
    path = [state]
    for pointer in reversed(pointers):
        path.append(pointer.gather(1, path[-1][:, None])[:, 0])
    return torch.stack(path[::-1], dim=1).masked_fill(~observed, IGNORE), total


def _evidence(model: HiddenMarkovLM, observations: Tensor) -> tuple[Tensor, Tensor]:
    """Which positions were observed, and the log-probability of each observation under every state."""
    observed = observations != IGNORE
    tokens = observations.masked_fill(~observed, 0)
    check_ids(tokens, model.vocab_size - 1)
    if not bool(observed[:, 0].all()):
        raise InvalidInput("A row of observations begins with IGNORE; leave empty rows out.")
    return observed, model.log_emission().T[tokens] * observed[..., None]
