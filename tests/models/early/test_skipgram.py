"""Skip-gram: the loss by hand, the pairs by brute force, and what the optimum is."""

import math

import numpy as np
import pytest
import torch

from minillm.errors import InvalidInput
from minillm.models.early import SkipGram, SkipGramConfig, TrainConfig, train_skip_gram
from minillm.models.early.skipgram import noise_shares, skip_gram_pairs


def test_loss_by_hand():
    model = SkipGram(SkipGramConfig(vocab_size=3, dimension=2, negatives=2)).double()
    with torch.no_grad():
        model.center.weight.copy_(torch.tensor([[1.0, 2.0], [0.0, 1.0], [3.0, -1.0]]))
        model.context.weight.copy_(torch.tensor([[1.0, 0.0], [-1.0, 1.0], [0.5, 0.5]]))
    # Centre 0, context 1: (1, 2).(-1, 1) = 1. Noise 2: 1.5, noise 0: 1.
    # Centre 2, context 0: (3, -1).(1, 0) = 3. Noise 1: -4, twice.
    sigma = lambda z: 1 / (1 + math.exp(-z))  # noqa: E731
    first = -math.log(sigma(1)) - math.log(sigma(-1.5)) - math.log(sigma(-1))
    second = -math.log(sigma(3)) - 2 * math.log(sigma(4))
    loss = model.loss(torch.tensor([0, 2]), torch.tensor([1, 0]), torch.tensor([[2, 0], [1, 1]]))
    assert loss.item() == pytest.approx((first + second) / 2, abs=1e-12)


def test_the_untrained_loss_is_that_of_a_coin():
    model = SkipGram(SkipGramConfig(vocab_size=30, negatives=4))
    ids = torch.arange(30)
    loss = model.loss(ids, ids, ids[:, None].expand(-1, 4))
    assert loss.item() == pytest.approx(5 * math.log(2), rel=1e-6)


def test_gradients_agree_with_finite_differences():
    torch.manual_seed(0)
    model = SkipGram(SkipGramConfig(vocab_size=4, dimension=3, negatives=2)).double()
    torch.nn.init.normal_(model.context.weight)
    noise = torch.tensor([[2, 0], [1, 1]])

    def loss(center, context):
        weights = {"center.weight": center, "context.weight": context}
        found = torch.tensor([0, 2]), torch.tensor([1, 3]), noise
        return torch.func.functional_call(_Loss(model), {f"model.{k}": v for k, v in weights.items()}, found)

    assert torch.autograd.gradcheck(loss, (model.center.weight, model.context.weight))


class _Loss(torch.nn.Module):
    """Makes the loss the module's call, as functional_call wants it."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, *args):
        return self.model.loss(*args)


def test_pairs_with_a_fixed_reach_are_all_pairs_within_it():
    sentences = [[0, 1, 2, 3], [4, 5], [6]]
    config = SkipGramConfig(vocab_size=7, window=1, subsample=None)
    found = sorted(map(tuple, skip_gram_pairs(sentences, config, np.random.default_rng(0)).tolist()))
    assert found == sorted([(0, 1), (1, 0), (1, 2), (2, 1), (2, 3), (3, 2), (4, 5), (5, 4)])


def test_a_pair_at_distance_d_of_window_w_is_drawn_with_probability_one_minus_d_less_one_over_w():
    config = SkipGramConfig(vocab_size=10, window=4, subsample=None)
    sentences = [list(range(10))] * 4_000
    pairs = skip_gram_pairs(sentences, config, np.random.default_rng(0))
    distance = np.abs(pairs[:, 0] - pairs[:, 1])
    assert distance.max() == 4
    for d in range(1, 5):
        possible = 2 * (10 - d) * 4_000
        assert (distance == d).sum() / possible == pytest.approx(1 - (d - 1) / 4, abs=0.01)


def test_a_position_reaches_as_far_to_the_right_as_to_the_left():
    config = SkipGramConfig(vocab_size=500, window=4, subsample=None)
    pairs = skip_gram_pairs([list(range(500))], config, np.random.default_rng(0))
    for center in range(4, 496):
        offsets = sorted((pairs[pairs[:, 0] == center, 1] - center).tolist())
        reach = offsets[-1]
        assert offsets == [d for d in range(-reach, reach + 1) if d]


def test_noise_follows_the_flattened_counts():
    sentences = [[0] * 81, [1] * 16, [2]]
    assert noise_shares(sentences, SkipGramConfig(vocab_size=4)) == pytest.approx(np.array([27, 8, 1, 0]) / 36)
    uniform = noise_shares(sentences, SkipGramConfig(vocab_size=4, power=0.0))
    assert uniform == pytest.approx([1 / 3, 1 / 3, 1 / 3, 0])


def test_frequent_words_are_dropped_as_the_paper_says():
    rng = np.random.default_rng(0)
    text = rng.choice(3, p=[0.9, 0.09, 0.01], size=200_000).tolist()
    config = SkipGramConfig(vocab_size=3, window=1, subsample=0.01)
    pairs = skip_gram_pairs([text], config, rng)
    kept = np.bincount(pairs[:, 0], minlength=3) / 2
    share = np.bincount(text) / len(text)
    expected = len(text) * share * np.minimum(1, np.sqrt(0.01 / share))
    assert kept == pytest.approx(expected, rel=0.05)


def test_at_its_optimum_a_product_is_the_mutual_information_less_log_k():
    # Levy and Goldberg 2014: with noise in proportion to counts and vectors wide enough, u.v = PMI - log k.
    rng = np.random.default_rng(0)
    joint = rng.dirichlet(np.full(16, 2.0)).reshape(4, 4)
    # Two words a sentence: the first from 0..3, the second from 4..7, so that the pair's distribution is ours.
    drawn = rng.choice(16, p=joint.ravel(), size=60_000)
    sentences = np.stack([drawn // 4, 4 + drawn % 4], axis=1)
    config = SkipGramConfig(vocab_size=8, dimension=8, window=1, negatives=2, power=1.0, subsample=None)
    training = TrainConfig(epochs=12, batch_size=2_000, learning_rate=0.1, clip=100.0)
    model, losses = train_skip_gram(sentences.tolist(), config, training)
    product = (model.vectors() @ model.context.weight.detach().T)[:4, 4:].numpy()
    counts = np.bincount(drawn, minlength=16).reshape(4, 4) / len(drawn)
    # Over both orders of a pair a word's share of the text is half its share of its side.
    pmi = np.log(counts / (counts.sum(1, keepdims=True) * counts.sum(0, keepdims=True))) + math.log(2)
    assert np.abs(product - (pmi - math.log(2))).max() < 0.15
    assert np.abs(pmi - math.log(2)).max() > 0.5
    assert losses[-1] < losses[0]


def test_the_seed_decides_everything():
    sentences = np.random.default_rng(0).integers(0, 9, size=(40, 8)).tolist()
    config = SkipGramConfig(vocab_size=9, dimension=4)
    one, two = (train_skip_gram(sentences, config, TrainConfig(batch_size=64, seed=5)) for _ in range(2))
    assert one[1] == two[1]
    assert torch.equal(one[0].vectors(), two[0].vectors())
    assert not torch.equal(
        one[0].vectors(), train_skip_gram(sentences, config, TrainConfig(batch_size=64, seed=6))[0].vectors()
    )


def test_bad_input_is_refused():
    config = SkipGramConfig(vocab_size=3)
    with pytest.raises(InvalidInput, match="No words"):
        train_skip_gram([], config, TrainConfig())
    with pytest.raises(InvalidInput, match="0 to 2"):
        train_skip_gram([[0, 3]], config, TrainConfig())
    with pytest.raises(InvalidInput, match="No batches"):
        train_skip_gram([[0], [1]], SkipGramConfig(vocab_size=3, subsample=None), TrainConfig())
    with pytest.raises(InvalidInput, match="power"):
        SkipGramConfig(vocab_size=3, power=-1.0)
    with pytest.raises(InvalidInput, match="subsample"):
        SkipGramConfig(vocab_size=3, subsample=0.0)
