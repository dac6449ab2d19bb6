"""The harness: the same tokens for all, perplexity by hand, determinism."""

import math

import numpy as np
import pytest
import torch

from minillm.errors import InvalidInput
from minillm.models.early import (
    IGNORE,
    EncodedCorpus,
    TrainConfig,
    make_batches,
    perplexity,
    train,
    training_batches,
)

END = 6


@pytest.fixture(scope="module")
def corpus():
    """Sentences of different lengths over tokens 0 to 5, where token k is followed by 2k mod 6 more often than not."""
    rng = np.random.default_rng(0)
    sentences = []
    for _ in range(200):
        sentence = [int(rng.integers(6))]
        while len(sentence) < rng.integers(2, 12):
            sentence.append((2 * sentence[-1] + int(rng.random() < 0.2)) % 6)
        sentences.append(sentence)
    return EncodedCorpus(train=sentences[:160], valid=sentences[160:], vocab_size=7, end=END)


class Uniform(torch.nn.Module):
    """Gives every token the same probability, and remembers what it was shown."""

    def __init__(self, vocab_size):
        super().__init__()
        self.bias = torch.nn.Parameter(torch.zeros(vocab_size))
        self.seen = []

    def forward(self, ids):
        self.seen.append(ids)
        return self.bias.expand(*ids.shape, -1)


def test_a_batch_holds_start_sentence_and_end():
    (batch,) = make_batches([[0, 1, 2], [3], []], vocab_size=7, end=END)
    assert batch.inputs.tolist() == [[7, 0, 1, 2], [7, 3, 6, 6], [7, 6, 6, 6]]
    assert batch.targets.tolist() == [[0, 1, 2, 6], [3, 6, IGNORE, IGNORE], [6, IGNORE, IGNORE, IGNORE]]
    assert batch.tokens == 7


def test_every_sentence_is_in_exactly_one_batch(corpus):
    batches = make_batches(corpus.train, 7, END, batch_size=16, seed=5)
    found = sorted(row[row != IGNORE][:-1].tolist() for batch in batches for row in batch.targets)
    assert found == sorted(corpus.train)
    assert {len(batch.inputs) for batch in batches} == {16}


def test_batches_hold_sentences_of_like_length(corpus):
    shuffled = make_batches(corpus.train, 7, END, batch_size=16, seed=5)
    filled = sum(batch.tokens for batch in shuffled) / sum(batch.targets.numel() for batch in shuffled)
    assert filled > 0.9


def test_order_follows_the_seed_and_changes_with_the_epoch(corpus):
    one, two = (training_batches(corpus, TrainConfig(epochs=2, seed=3)) for _ in range(2))
    assert all(torch.equal(a.inputs, b.inputs) for a, b in zip(one, two, strict=True))
    half = len(one) // 2
    assert [b.inputs.tolist() for b in one[:half]] != [b.inputs.tolist() for b in one[half:]]
    other = training_batches(corpus, TrainConfig(epochs=2, seed=4))
    assert [b.inputs.tolist() for b in one] != [b.inputs.tolist() for b in other]


def test_every_model_sees_the_same_batches_in_the_same_order(corpus, builders):
    config = TrainConfig(epochs=2, batch_size=16, seed=1)
    expected = training_batches(corpus, config)
    seen = {}
    for name, build in builders.items():
        shown = []

        def spying(build=build, shown=shown):
            model = build(7)
            model.register_forward_pre_hook(lambda _, args: shown.append(args[0].clone()))
            return model

        run = train(spying, corpus, config)
        assert run.tokens == 2 * sum(len(sentence) + 1 for sentence in corpus.train)
        seen[name] = shown[: len(expected)]
    for shown in seen.values():
        assert len(shown) == len(expected)
        assert all(torch.equal(ids, batch.inputs) for ids, batch in zip(shown, expected, strict=True))


def test_perplexity_of_the_uniform_model_is_the_size_of_the_vocabulary(corpus):
    batches = make_batches(corpus.valid, 7, END, batch_size=5)
    assert perplexity(Uniform(7), batches) == pytest.approx(7, rel=1e-5)


def test_perplexity_counts_every_token_once_whatever_the_batches(corpus, builders):
    torch.manual_seed(0)
    model = builders["gru"](7).double()
    total, tokens = 0.0, 0
    for sentence in corpus.valid:
        logits = model(torch.tensor([[7, *sentence]]))[0].log_softmax(-1)
        total -= logits[torch.arange(len(sentence) + 1), torch.tensor([*sentence, END])].sum().item()
        tokens += len(sentence) + 1
    for size in (1, 7, 40):
        batches = make_batches(corpus.valid, 7, END, batch_size=size)
        assert perplexity(model, batches) == pytest.approx(math.exp(total / tokens), rel=1e-12)


def test_training_beats_token_frequencies(corpus, build):
    counts = np.bincount([t for s in corpus.train for t in [*s, END]], minlength=7)
    share = counts / counts.sum()
    held_out = [t for s in corpus.valid for t in [*s, END]]
    unigram = math.exp(-np.mean(np.log(share[held_out])))
    run = train(lambda: build(7), corpus, TrainConfig(epochs=8, batch_size=16, learning_rate=0.05))
    assert run.perplexity < 0.75 * unigram
    assert run.losses[-1] < run.losses[0]
    assert run.parameters == sum(p.numel() for p in build(7).parameters())
    assert run.tokens_per_second == pytest.approx(run.tokens / run.seconds)


def test_the_seed_decides_everything_and_the_global_state_is_left_alone(corpus, builders):
    config = TrainConfig(batch_size=16, seed=2)
    torch.manual_seed(123)
    expected = torch.rand(3)
    torch.manual_seed(123)
    one = train(lambda: builders["lstm"](7), corpus, config)
    assert torch.equal(torch.rand(3), expected)
    two = train(lambda: builders["lstm"](7), corpus, config)
    assert one.losses == two.losses
    assert one.perplexity == two.perplexity
    other = train(lambda: builders["lstm"](7), corpus, TrainConfig(batch_size=16, seed=3))
    assert other.losses != one.losses


def test_bad_sentences_are_refused():
    with pytest.raises(InvalidInput, match="No sentences"):
        make_batches([], 7, END)
    with pytest.raises(InvalidInput, match="0 to 6"):
        make_batches([[7]], 7, END)
    with pytest.raises(InvalidInput, match="end symbol 7"):
        make_batches([[0]], 7, 7)
