"""The hidden Markov model against enumeration of every state sequence."""

import itertools
import math

import pytest
import torch

from minillm.errors import InvalidInput
from minillm.models.early import (
    IGNORE,
    HiddenMarkovConfig,
    HiddenMarkovLM,
    baum_welch,
    expected_counts,
    viterbi,
)
from minillm.models.early.hmm import log_matmul


@pytest.fixture
def model():
    torch.manual_seed(3)
    return HiddenMarkovLM(HiddenMarkovConfig(vocab_size=4, states=3)).double()


def enumerate_states(model, tokens):
    """Every sequence of states with its joint log-probability, by definition."""
    initial, transition, emission = (
        p.tolist() for p in (model.log_initial(), model.log_transition(), model.log_emission())
    )
    joint = {}
    for states in itertools.product(range(3), repeat=len(tokens)):
        steps = [transition[one][two] for one, two in itertools.pairwise(states)]
        emitted = [emission[state][token] for state, token in zip(states, tokens, strict=True)]
        joint[states] = initial[states[0]] + sum(steps) + sum(emitted)
    return joint


def sample_rows(model, rows, width, seed):
    """Rows drawn from the model itself, of different lengths."""
    generator = torch.Generator().manual_seed(seed)
    pi, a, b = (p.exp().detach() for p in (model.log_initial(), model.log_transition(), model.log_emission()))
    out = torch.full((rows, width), IGNORE)
    for row in out:
        state = int(pi.multinomial(1, generator=generator))
        for t in range(int(torch.randint(1, width + 1, (1,), generator=generator))):
            row[t] = int(b[state].multinomial(1, generator=generator))
            state = int(a[state].multinomial(1, generator=generator))
    return out


def test_predictions_multiply_to_the_sum_over_all_state_sequences(model):
    for tokens in itertools.product(range(4), repeat=3):
        ids = torch.tensor([[4, *tokens[:-1]]])
        predicted = model(ids)[0, torch.arange(3), torch.tensor(tokens)].sum().detach()
        summed = math.log(sum(math.exp(v) for v in enumerate_states(model, tokens).values()))
        assert predicted.item() == pytest.approx(summed, abs=1e-12)


def test_probabilities_of_all_strings_of_a_length_sum_to_one(model):
    strings = torch.tensor(list(itertools.product(range(4), repeat=5)))
    ids = torch.cat([torch.full((len(strings), 1), 4), strings[:, :-1]], dim=1)
    total = model(ids).gather(2, strings[..., None]).sum(dim=(1, 2)).exp().sum().detach()
    assert total.item() == pytest.approx(1, abs=1e-12)


def test_expected_counts_equal_enumeration(model):
    rows = [(0, 3, 1, 1), (2, 0)]
    observations = torch.tensor([[0, 3, 1, 1], [2, 0, IGNORE, IGNORE]])
    initial, transition, emission, likelihood = torch.zeros(3), torch.zeros(3, 3), torch.zeros(3, 4), 0.0
    for tokens in rows:
        paths = enumerate_states(model, tokens)
        evidence = math.log(sum(math.exp(v) for v in paths.values()))
        likelihood += evidence
        for states, value in paths.items():
            p = math.exp(value - evidence)
            initial[states[0]] += p
            for t, token in enumerate(tokens):
                emission[states[t], token] += p
            for one, two in itertools.pairwise(states):
                transition[one, two] += p
    counts = expected_counts(model, observations)
    torch.testing.assert_close(counts.initial.float(), initial)
    torch.testing.assert_close(counts.transition.float(), transition)
    torch.testing.assert_close(counts.emission.float(), emission)
    assert counts.log_likelihood == pytest.approx(likelihood, abs=1e-12)


def test_expected_counts_are_the_gradient_of_the_log_likelihood(model):
    # d log P / d log theta is the expected count of theta (Eisner 2016). Through the softmax the gradient with
    # respect to the unnormalized parameters is the count minus its share of the row's total.
    observations = sample_rows(model, 6, 7, seed=5)
    observations = observations.masked_fill(observations == IGNORE, 1)
    ids = torch.cat([torch.full((6, 1), 4), observations[:, :-1]], dim=1)
    model(ids).gather(2, observations[..., None]).sum().backward()
    counts = expected_counts(model, observations)
    for parameter, count in (
        (model.initial, counts.initial),
        (model.transition, counts.transition),
        (model.emission, counts.emission),
    ):
        share = count.sum(dim=-1, keepdim=True) * parameter.detach().softmax(dim=-1)
        torch.testing.assert_close(parameter.grad, count - share, rtol=0, atol=1e-10)


def test_the_likelihood_never_falls_and_really_rises(model):
    observations = sample_rows(model, 60, 8, seed=9)
    torch.manual_seed(11)
    learner = HiddenMarkovLM(HiddenMarkovConfig(vocab_size=4, states=3)).double()
    history = torch.tensor(baum_welch(learner, observations, iterations=40), dtype=torch.float64)
    assert len(history) == 41
    assert (history.diff() > -1e-9).all()
    tokens = int((observations != IGNORE).sum())
    assert (history[-1] - history[0]) / tokens > 0.05
    assert float(history[-1]) == pytest.approx(expected_counts(learner, observations).log_likelihood, abs=1e-9)


def test_one_m_step_is_the_normalized_counts(model):
    observations = sample_rows(model, 20, 6, seed=2)
    counts = expected_counts(model, observations)
    baum_welch(model, observations, iterations=1)
    expected = counts.transition / counts.transition.sum(dim=-1, keepdim=True)
    torch.testing.assert_close(model.log_transition().exp(), expected, rtol=0, atol=1e-12)


def test_em_with_one_state_gives_the_token_frequencies():
    learner = HiddenMarkovLM(HiddenMarkovConfig(vocab_size=3, states=1)).double()
    baum_welch(learner, torch.tensor([[0, 0, 1], [0, 1, IGNORE]]), iterations=1)
    torch.testing.assert_close(
        learner.log_emission().exp(), torch.tensor([[0.6, 0.4, 0.0]], dtype=torch.float64), rtol=0, atol=1e-12
    )


def test_viterbi_finds_the_best_of_all_sequences(model):
    # States that rarely stay make it matter that the path stands still where a row has ended.
    with torch.no_grad():
        model.transition -= 4 * torch.eye(3)
    rows = sample_rows(model, 80, 6, seed=4)
    states, scores = viterbi(model, rows)
    for row, path, score in zip(rows, states, scores, strict=True):
        tokens = tuple(row[row != IGNORE].tolist())
        paths = enumerate_states(model, tokens)
        best = max(paths, key=paths.__getitem__)
        assert tuple(path[: len(tokens)].tolist()) == best
        assert bool((path[len(tokens) :] == IGNORE).all())
        assert float(score) == pytest.approx(paths[best], abs=1e-12)


def test_long_rows_do_not_underflow():
    torch.manual_seed(0)
    model = HiddenMarkovLM(HiddenMarkovConfig(vocab_size=50, states=4))
    row = torch.randint(0, 50, (1, 2_000))
    per_token = expected_counts(model, row).log_likelihood / 2_000
    assert -8 < per_token < -math.log(20)


def test_log_matmul_is_a_matrix_product():
    torch.manual_seed(0)
    left, right = torch.rand(3, 4).double(), torch.rand(4, 5).double()
    torch.testing.assert_close(log_matmul(left.log() - 2_000, right.log()), (left @ right).log() - 2_000)


@pytest.mark.parametrize("ids", [[[0, 1]], [[4, 4]]])
def test_the_start_symbol_must_stand_first_and_only_there(model, ids):
    with pytest.raises(InvalidInput, match="must stand first"):
        model(torch.tensor(ids))


def test_bad_observations_are_refused(model):
    with pytest.raises(InvalidInput, match="allowed are"):
        viterbi(model, torch.tensor([[0, 4]]))
    with pytest.raises(InvalidInput, match="begins with IGNORE"):
        expected_counts(model, torch.tensor([[IGNORE, 0]]))
    with pytest.raises(InvalidInput, match="iterations"):
        baum_welch(model, torch.tensor([[0]]), iterations=0)
