import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from minillm.errors import InvalidInput
from minillm.training import IGNORE, AllWindows, ShuffledWindows, Transformed, mask_tokens


@settings(max_examples=40, deadline=None)
@given(length=st.integers(2, 200), context=st.integers(1, 12), batch=st.integers(1, 9), seed=st.integers(0, 99))
def test_windows_are_pieces_of_the_text_and_labels_come_next(length, context, batch, seed):
    if length <= context:
        with pytest.raises(InvalidInput, match=f"needs {context + 1}"):
            ShuffledWindows(np.arange(length), context, batch, seed)
        return
    windows = ShuffledWindows(np.arange(length), context, batch, seed)
    for index in (0, 5, 1):
        inputs, labels = windows(index)
        assert inputs.shape == labels.shape == (batch, context)
        assert inputs.dtype == torch.long
        assert torch.equal(labels, inputs + 1)
        assert torch.equal(inputs, inputs[:, :1] + torch.arange(context))
        assert labels.max() < length


def test_an_epoch_sees_every_window_once_and_the_next_cuts_elsewhere():
    windows = ShuffledWindows(np.arange(1003), context=10, batch=3, seed=0)
    assert windows.rows == 99
    epochs = [torch.cat([windows(i)[0][:, 0] for i in range(33 * e, 33 * e + 33)]).tolist() for e in range(8)]
    for starts in epochs:
        first = min(starts)
        assert 0 <= first < 10
        assert sorted(starts) == list(range(first, first + 990, 10))  # disjoint, and all of the text but its ends
        assert starts != sorted(starts)
    assert len({min(starts) for starts in epochs}) > 2
    assert epochs[0] != epochs[1]


def test_a_batch_is_the_same_whenever_it_is_asked_for():
    text = np.arange(500)
    one, other = ShuffledWindows(text, 7, 4, seed=3), ShuffledWindows(text, 7, 4, seed=3)
    straight = [one(index)[0] for index in range(60)]
    for index in reversed(range(60)):
        assert torch.equal(other(index)[0], straight[index])
    assert not torch.equal(ShuffledWindows(text, 7, 4, seed=4)(0)[0], straight[0])


@settings(max_examples=40, deadline=None)
@given(length=st.integers(2, 100), context=st.integers(1, 12), batch=st.integers(1, 5))
def test_all_windows_predict_every_token_once(length, context, batch):
    every = AllWindows(np.arange(length), context, batch)
    pairs = list(every)
    assert len(pairs) == len(every)
    inputs = torch.cat([inputs.flatten() for inputs, _ in pairs])
    labels = torch.cat([labels.flatten() for _, labels in pairs])
    real = labels != IGNORE
    assert labels[real].tolist() == list(range(1, length))
    assert inputs[real].tolist() == list(range(length - 1))
    assert all(inputs.shape[1] == context and len(inputs) <= batch for inputs, _ in pairs)


def test_all_windows_can_be_gone_through_again():
    every = AllWindows(np.arange(50), 4, 2)
    assert [a.tolist() for a, _ in every] == [a.tolist() for a, _ in every]


def test_chance_in_a_batch_hangs_on_its_number():
    windows = ShuffledWindows(np.arange(5, 500), 16, 4, seed=0)

    def masked(seed):
        return Transformed(windows, lambda b, g: mask_tokens(b[0], g, mask_id=4, vocab_size=500), seed)

    first = [masked(0)(index) for index in range(4)]
    again = masked(0)
    for index in (2, 0, 3, 1):
        for mine, theirs in zip(again(index), first[index], strict=True):
            assert torch.equal(mine, theirs)
    assert not torch.equal(masked(1)(0)[1], first[0][1])
    chosen = [tuple((labels != IGNORE).flatten().tolist()) for _, labels in first]
    assert len(set(chosen)) == 4


@pytest.mark.parametrize("wrong", [{"context": 0}, {"batch": 0}])
def test_numbers_below_one_are_refused(wrong):
    settings = {"context": 4, "batch": 2} | wrong
    for kind in (ShuffledWindows, AllWindows):
        with pytest.raises(InvalidInput, match="1 or more"):
            kind(np.arange(50), **settings)
    with pytest.raises(InvalidInput, match="2 or more"):
        AllWindows(np.arange(1), 4, 2)
