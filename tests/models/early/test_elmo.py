"""The pair of language models: what each direction may see, and what the mix is."""

import pytest
import torch

from minillm.errors import InvalidInput
from minillm.models.early import (
    ElmoConfig,
    ElmoPair,
    ScalarMix,
    TrainConfig,
    make_batches,
    optimize,
)
from minillm.models.early.elmo import reverse_rows

WIDTH = 6


@pytest.fixture
def pair():
    torch.manual_seed(0)
    return ElmoPair(ElmoConfig(vocab_size=9, width=WIDTH)).double()


def dependence(pair, words, lengths):
    """For every layer, direction and position: which positions' tokens change the vector when they change."""
    base = pair.layers(words, lengths)
    result = torch.zeros(len(base), 2, words.shape[1], words.shape[1], dtype=torch.bool)
    for position in range(words.shape[1]):
        changed = words.clone()
        changed[:, position] = (changed[:, position] + 1) % 9
        difference = (pair.layers(changed, lengths) - base).abs()
        moved = difference.unflatten(-1, (2, WIDTH)).amax(dim=(1, 4)) > 1e-12
        result[:, :, :, position] = moved.transpose(1, 2)
    return result


def test_forward_states_see_the_left_and_backward_states_the_right(pair):
    words = torch.tensor([[3, 1, 4, 1, 5]])
    seen = dependence(pair, words, torch.tensor([5]))
    ones = torch.ones(5, 5, dtype=torch.bool)
    for direction in range(2):
        assert torch.equal(seen[0, direction], torch.eye(5, dtype=torch.bool))
    for layer in (1, 2):
        assert torch.equal(seen[layer, 0], ones.tril())
        assert torch.equal(seen[layer, 1], ones.triu())


def test_no_gradient_reaches_a_word_from_the_wrong_side(pair):
    vectors = pair.embedding(torch.tensor([[9, 3, 1, 4, 1]])).detach().requires_grad_()
    for lstm in (pair.forward_lstm, pair.backward_lstm):
        top = pair.states(vectors, lstm)[-1]
        for t in range(5):
            (gradient,) = torch.autograd.grad(top[:, t].sum(), vectors, retain_graph=True)
            size = gradient.abs().sum(dim=(0, 2))
            assert bool((size[: t + 1] > 0).all())
            assert bool((size[t + 1 :] == 0).all())


def test_the_backward_direction_is_the_forward_one_on_the_mirrored_sentence(pair):
    pair.backward_lstm = pair.forward_lstm
    words = torch.tensor([[3, 1, 4, 1, 5]])
    length = torch.tensor([5])
    forward = pair.layers(words, length)[..., :WIDTH]
    backward = pair.layers(words.flip(1), length)[..., WIDTH:]
    torch.testing.assert_close(forward, backward.flip(2), rtol=0, atol=1e-12)


def test_what_fills_a_row_up_changes_nothing(pair):
    words = torch.tensor([[3, 1, 4, 0, 0], [2, 2, 8, 7, 6]])
    lengths = torch.tensor([3, 5])
    alone = pair.layers(words[:1, :3], lengths[:1])
    torch.testing.assert_close(pair.layers(words, lengths)[:, :1, :3], alone, rtol=0, atol=1e-12)


def test_reading_sentences_gives_each_its_own_vectors(pair):
    generator = torch.Generator().manual_seed(0)
    sentences = [torch.randint(0, 9, (1 + i % 7,), generator=generator).tolist() for i in range(70)]
    read = pair.read(sentences)
    assert len(read) == 70
    for sentence, layers in zip(sentences, read, strict=True):
        alone = pair.layers(torch.tensor([sentence]), torch.tensor([len(sentence)]))[:, 0]
        torch.testing.assert_close(layers, alone, rtol=0, atol=1e-12)
        assert not layers.requires_grad


def test_reversing_twice_gives_the_rows_back():
    rows = torch.arange(20).reshape(4, 5)
    lengths = torch.tensor([0, 1, 3, 5])
    turned = reverse_rows(rows, lengths)
    assert turned.tolist()[2:] == [[12, 11, 10, 13, 14], [19, 18, 17, 16, 15]]
    assert torch.equal(reverse_rows(turned, lengths), rows)
    with pytest.raises(InvalidInput, match="allowed are 0 to 5"):
        reverse_rows(rows, torch.tensor([0, 1, 3, 6]))


def test_the_loss_is_that_of_two_language_models(pair):
    sentences = [[3, 1, 4], [2]]
    (batch,) = make_batches(sentences, vocab_size=9, end=8)

    def nats(sentence, lstm):
        ids = torch.tensor([[9, *sentence]])
        logits = pair.output(pair.states(pair.embedding(ids), lstm)[-1])[0].log_softmax(-1)
        return -float(logits[torch.arange(len(sentence) + 1), torch.tensor([*sentence, 8])].sum().detach())

    forward = sum(nats(s, pair.forward_lstm) for s in sentences) / 6
    backward = sum(nats(s[::-1], pair.backward_lstm) for s in sentences) / 6
    assert float(pair.loss(batch).detach()) == pytest.approx((forward + backward) / 2, abs=1e-12)
    assert abs(forward - backward) > 1e-4


def test_learns_both_directions():
    # Each sentence is determined by its first word and by its last, so both directions can reach the entropy of the
    # first word they predict: ln 4 nats over 5 tokens.
    sentences = [[k, 4, 4, k] for k in range(4)] * 8
    torch.manual_seed(0)
    pair = ElmoPair(ElmoConfig(vocab_size=6, width=16))
    batches = make_batches(sentences, vocab_size=6, end=5, batch_size=32)
    losses = optimize(pair, batches * 150, pair.loss, TrainConfig(learning_rate=0.03))
    assert losses[0] > 1.5
    assert losses[-1] == pytest.approx(torch.tensor(4.0).log().item() / 5, abs=0.03)


def test_the_mix_is_a_scaled_weighted_mean():
    mix = ScalarMix(3).double()
    layers = torch.randn(3, 2, 5, 4, dtype=torch.float64)
    torch.testing.assert_close(mix(layers), layers.mean(dim=0))
    with torch.no_grad():
        mix.weights.copy_(torch.tensor([0.0, 50.0, 0.0]))
        mix.scale.fill_(3.0)
    torch.testing.assert_close(mix(layers), 3 * layers[1])
    with pytest.raises(InvalidInput, match="2 layers were given to a mix of 3"):
        mix(layers[:2])


def test_bad_input_is_refused(pair):
    with pytest.raises(InvalidInput, match="width"):
        ElmoConfig(vocab_size=9, width=0)
    with pytest.raises(InvalidInput, match="allowed are"):
        pair.layers(torch.tensor([[10]]), torch.tensor([1]))
    for nothing in ([], [[1], []]):
        with pytest.raises(InvalidInput, match="none may be empty"):
            pair.read(nothing)
