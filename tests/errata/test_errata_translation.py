"""Errata of the book's translation program in section 2.2.5: the printed version fails, the corrected one holds."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from minillm.models import Transformer, TransformerConfig, greedy_translate
from minillm.nn import causal_mask
from minillm.training import IGNORE, token_loss

BEGIN, END, WORD = 1, 2, 7


@pytest.fixture
def model() -> Transformer:
    """A small translator, with random weights."""
    torch.manual_seed(0)
    return Transformer(TransformerConfig.tiny()).eval()


def always(model: Transformer, token: int) -> Transformer:
    """The same model, made to write one token whatever it reads."""
    assert model.output is not None
    with torch.no_grad():
        model.output.bias[token] = 1e4
    return model


def printed_decoding(model: Transformer, source: Tensor, length: int) -> tuple[Tensor, Tensor]:
    """As the listing decodes: what it returns, and the last step's logits."""
    memory = model.encode(source)
    written = torch.zeros(1, length, dtype=torch.long)
    written[0, 0] = BEGIN
    for i in range(1, length):
        logits = model(None, written[:, :i], memory=memory)
        written[0, i] = logits[0, -1].argmax()
        if written[0, i] == END:
            break
    return written[:, :i], logits


def test_e15_every_required_argument_is_given() -> None:
    def build(source_vocab, target_vocab, width, layers, heads, dropout):
        return Transformer(TransformerConfig(source_vocab, target_vocab, layers, layers, heads, width, dropout=dropout))

    with pytest.raises(TypeError, match="dropout"):
        build(20, 30, 16, 1, 2)
    assert build(20, 30, 16, 1, 2, 0.1).config.dropout == 0.1


def test_e16a_the_loss_uses_the_names_it_defined() -> None:
    def printed(logits, target):
        targets = target[:, 1:].reshape(-1)
        return F.cross_entropy(logits.flatten(0, 1), results, ignore_index=target_pad), targets

    logits, target = torch.randn(2, 3, 9), torch.tensor([[1, 4, 5, 0], [1, 6, 0, 0]])
    with pytest.raises(NameError, match="results"):
        printed(logits, target)
    targets = target[:, 1:].masked_fill(target[:, 1:] == 0, IGNORE)
    total, count = token_loss(logits, targets)
    real = logits.log_softmax(-1)[[0, 0, 1], [0, 1, 0], [4, 5, 6]]
    assert count == 3
    torch.testing.assert_close(total, -real.sum())


def test_e16b_a_loss_has_no_first_element() -> None:
    loss = F.mse_loss(torch.tensor([2.0]), torch.tensor([0.0]))
    with pytest.raises(IndexError):
        loss.data[0]
    assert loss.item() == 4


def test_e16c_a_string_ends_on_its_line() -> None:
    with pytest.raises(SyntaxError):
        compile('print("loss,\n time")', "listing", "exec")
    compile('print("loss,"\n " time")', "listing", "exec")


def test_e17a_translate_reads_the_names_it_was_given() -> None:
    def printed(custom_string, words):
        src = custom_sentence.split()
        return torch.tensor([[words[word] for word in sentence]]) != input_pad, src

    def corrected(sentence, words, padding):
        ids = torch.tensor([[words[word] for word in sentence.split()]])
        return ids, ids != padding

    with pytest.raises(NameError, match="custom_sentence"):
        printed("two three", {"two": 5, "three": 6})
    ids, mask = corrected("two three", {"two": 5, "three": 6}, padding=0)
    assert (ids.tolist(), mask.tolist()) == ([[5, 6]], [[True, True]])


def test_e17b_k_belongs_to_triu() -> None:
    with pytest.raises(TypeError, match="'k'"):
        np.triu(np.ones((1, 4, 4), k=1)).astype("uint8")
    future = np.triu(np.ones((1, 4, 4)), k=1).astype("uint8")
    assert torch.equal(torch.from_numpy(future)[0] == 0, causal_mask(4))


def test_e18a_the_start_symbol_is_no_translation(model: Transformer) -> None:
    source = torch.tensor([[5, 6, 7]])
    printed, _ = printed_decoding(model, source, 6)
    right = greedy_translate(model, source, begin=BEGIN, end=END, length=5)[0]
    assert printed[0, 0] == BEGIN
    assert BEGIN not in right
    assert printed[0, 1:].tolist() == right.tolist()[: printed.shape[1] - 1]


def test_e18b_the_last_token_is_kept(model: Transformer) -> None:
    source = torch.tensor([[5, 6, 7]])
    endless = always(model, WORD)
    printed, _ = printed_decoding(endless, source, 6)
    assert printed.tolist() == [[BEGIN, WORD, WORD, WORD, WORD]], "five words were written, four are returned"
    assert greedy_translate(endless, source, begin=BEGIN, end=END, length=5).tolist() == [[WORD] * 5]


def test_e18c_decoding_repeats_no_work(model: Transformer) -> None:
    source, states = torch.tensor([[5, 6, 7]]), []
    endless = always(model, WORD)
    endless.decoder_blocks[0].register_forward_hook(lambda block, given, result: states.append(result))
    _, logits = printed_decoding(endless, source, 9)
    assert sum(state.shape[1] for state in states) == 8 * 9 // 2
    assert logits.requires_grad, "the printed loop keeps what a backward pass would need"
    states.clear()
    greedy_translate(endless, source, begin=BEGIN, end=END, length=8)
    assert sum(state.shape[1] for state in states) == 8
    assert not any(state.requires_grad for state in states)
