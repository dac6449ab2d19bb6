"""Errata of the book's sections 2.3.1 to 2.3.3: the printed version fails, the corrected one holds."""

import math
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F

from minillm.models import BART, BERT, GPT, BARTConfig, BERTConfig, GPTConfig, SequenceClassifier
from minillm.models.sizes import count_parameters
from minillm.nn import Trace
from minillm.tokenizers import SpecialToken, WordPiece
from minillm.tokenizers.wordpiece_trainer import PieceLearner
from minillm.training import causal_loss, token_loss


def test_e19a_a_piece_goes_on_with_two_marks() -> None:
    def cut(continuation: str) -> list[str]:
        tokenizer = WordPiece({"high": 1, continuation: 2}, [SpecialToken("[UNK]", 0)])
        return [tokenizer.token(id) for id in tokenizer.encode("highest")]

    assert cut("##est") == ["high", "##est"]
    assert cut("#est") == ["[UNK]"]


def test_e19b_wordpiece_joins_what_belongs_together() -> None:
    from tokenizers import BertWordPieceTokenizer

    words = {"hug": 10, "pug": 5, "pun": 12, "bun": 4, "hugs": 5}
    pieces = PieceLearner(words).grow(8)
    # ##u ##g is the most frequent pair, 20 against 5 of ##g ##s; but each of the 36 ##u has some neighbor, so that no
    # pair with it is worth more than 1 / 36, and ##s never stands without ##g.
    assert pieces[-1] == "##gs"
    assert max(20 / (36 * 20), 16 / (36 * 16), 15 / (15 * 36)) < 5 / (20 * 5)
    # The tokenizers library, used in section 2.3.4, does go by frequency when it trains a WordPiece vocabulary.
    tokenizer = BertWordPieceTokenizer()
    tokenizer.train_from_iterator(
        [word for word, count in words.items() for _ in range(count)],
        vocab_size=17,
        special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"],
        show_progress=False,
    )
    assert tokenizer.id_to_token(16) == "##ug"


def test_e20a_the_embedding_is_as_wide_as_the_model() -> None:
    width, hidden = 6, torch.randn(3, 8)
    with pytest.raises(RuntimeError):
        hidden @ torch.randn(20, width).T
    assert (hidden @ torch.randn(20, 8).T).shape == (3, 20)
    model = BERT(BERTConfig.tiny())
    assert model.token_embedding.embedding_dim == model.config.width


def test_e20b_berts_head_has_a_layer_of_its_own() -> None:
    model = BERT(BERTConfig.tiny()).eval()
    hidden = torch.randn(1, 3, 32)
    as_printed = F.linear(hidden, model.token_embedding.weight, model.masked.bias)
    transformed = model.masked.norm(F.gelu(model.masked.dense(hidden)))
    torch.testing.assert_close(
        model.head(hidden), F.linear(transformed, model.token_embedding.weight, model.masked.bias)
    )
    assert (model.head(hidden) - as_printed).abs().max() > 0.1
    sizes = count_parameters(replace(BERTConfig.base(), pooler=False, nsp_head=False))
    assert sum(sizes.values()) == 109_514_298
    assert sizes["heads"] - 30522 == 768 * 768 + 768 + 2 * 768, "beside the bias: a dense layer and a norm"


def test_e21a_every_block_is_applied() -> None:
    torch.manual_seed(0)
    model = GPT(replace(GPTConfig.tiny(), layers=3)).eval()
    trace = Trace()
    model(torch.arange(5)[None], trace=trace)
    state = trace.hidden[0]
    for block in model.blocks:
        state = block(state, causal=True)
    torch.testing.assert_close(state, trace.hidden[-1])
    printed = model.blocks[-1](trace.hidden[0], causal=True)
    assert (printed - trace.hidden[-1]).abs().max() > 0.01

    def trained(output: torch.Tensor) -> list[bool]:
        model.zero_grad(set_to_none=True)
        output.square().sum().backward(retain_graph=True)
        return [block.attention.query.weight.grad is not None for block in model.blocks]

    assert trained(printed) == [False, False, True]
    assert trained(trace.hidden[-1]) == [True, True, True]


def test_e22a_a_state_predicts_the_next_token() -> None:
    generator = torch.Generator().manual_seed(0)
    ids = torch.randint(10, (4, 16), generator=generator)
    # A program that only repeats the token it has just read. Random tokens cannot be predicted better than by ln 10.
    copier = 50.0 * F.one_hot(ids, 10)
    printed, count = token_loss(copier, ids)
    assert printed / count < 1e-6
    shifted, count = causal_loss(copier, ids)
    assert shifted / count > math.log(10)
    # In a causal model the state at i has read token i; the state before has not.
    model = GPT(GPTConfig.tiny()).eval()
    first, second = torch.tensor([[5, 6, 7]]), torch.tensor([[5, 6, 8]])
    assert torch.equal(model(first)[:, 1], model(second)[:, 1])
    assert not torch.allclose(model(first)[:, 2], model(second)[:, 2])


def test_e22e_the_class_is_read_from_the_last_state() -> None:
    torch.manual_seed(0)
    classifier = SequenceClassifier(GPT(GPTConfig.tiny()), classes=3).eval()
    ids = torch.arange(6)[None]
    states = classifier.hidden(ids)
    printed = (states @ classifier.classify.weight.T).softmax(-1)
    right = classifier(ids).softmax(-1)
    assert (printed.shape, float(printed.sum().detach())) == ((1, 6, 3), pytest.approx(6)), "a distribution a token"
    torch.testing.assert_close(right, printed[:, -1])
    assert float(right.sum().detach()) == pytest.approx(1)


def test_e22f_the_first_token_needs_a_start_token() -> None:
    ids, start = torch.tensor([[5, 6, 7]]), torch.tensor([[0]])
    model = GPT(GPTConfig.tiny())
    _, without = causal_loss(model(ids), ids)
    started = torch.cat((start, ids), dim=1)
    _, with_start = causal_loss(model(started), started)
    assert (int(without), int(with_start)) == (2, ids.shape[1])


def test_e23_two_hundredths_are_the_standard_deviation() -> None:
    torch.manual_seed(0)
    weight = BART(BARTConfig.tiny()).token_embedding.weight
    as_deviation, as_variance = 0.02, 0.02**0.5
    assert float(weight.std().detach()) == pytest.approx(as_deviation, rel=0.05)
    assert as_variance > 7 * float(weight.std().detach())


def test_e32_the_log_belongs_to_a_small_corpus() -> None:
    steps, epochs, batch, length = 79_670, 10, 10 * 8, 512
    tokens = steps // epochs * batch * length
    assert tokens == 326_328_320
    assert 10_135 / (steps / epochs) == pytest.approx(1.27, abs=0.01), "the log's own count of epochs agrees"
    books, wikipedia = 800_000_000, 2_500_000_000  # words, and a word is at least one token
    assert tokens < (books + wikipedia) / 10
    assert (books + wikipedia) // (batch * length) > 10 * steps // epochs
