import math
from collections import Counter
from functools import partial

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from minillm.errors import InvalidInput
from minillm.training import (
    IGNORE,
    compose,
    denoising_batch,
    document_rotation,
    sentence_permutation,
    text_infilling,
    token_deletion,
    token_masking,
)

MASK_ID, STOP = 1, 2
TEXT = torch.arange(10, 2010)
texts = st.lists(st.integers(3, 50), max_size=60).map(lambda ids: torch.tensor(ids, dtype=torch.long))


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def is_subsequence(part, whole):
    left = iter(whole)
    return all(token in left for token in part)


def test_masking_keeps_the_length_and_hides_the_wanted_share():
    noised = token_masking(TEXT, seeded(), mask_id=MASK_ID, rate=0.3)
    hidden = noised == MASK_ID
    assert torch.equal(noised[~hidden], TEXT[~hidden])
    assert abs(int(hidden.sum()) - 600) < 4.5 * math.sqrt(2000 * 0.3 * 0.7)


def test_deletion_leaves_the_others_in_order():
    noised = token_deletion(TEXT, seeded(), rate=0.3)
    assert is_subsequence(noised.tolist(), TEXT.tolist())
    assert abs(len(noised) - 1400) < 4.5 * math.sqrt(2000 * 0.3 * 0.7)


def spans(noised):
    """Lengths of what is missing at each mask; a lone mask between neighbors that belong together is a 0."""
    lengths, before, masks = [], 9, 0
    for token in [*noised.tolist(), 2010]:
        if token == MASK_ID:
            masks += 1
            continue
        if masks == 1:
            lengths.append(token - before - 1)
        else:
            assert masks or token == before + 1
        before, masks = token, 0
    return lengths


def test_infilling_takes_out_the_share_in_spans_of_poisson_length():
    found = Counter()
    for seed in range(60):
        noised = text_infilling(TEXT, seeded(seed), mask_id=MASK_ID, rate=0.3)
        kept = noised[noised != MASK_ID]
        assert len(kept) == 1400
        assert is_subsequence(kept.tolist(), TEXT.tolist())
        found.update(spans(noised))
    n = found.total()
    mean = sum(length * times for length, times in found.items()) / n
    assert n > 5000
    assert abs(mean - 3) < 5 * math.sqrt(3 / n) + 0.02  # the last span of a text is cut to fit: a little shorter
    for length in range(8):
        share = math.exp(-3) * 3**length / math.factorial(length)
        assert abs(found[length] - n * share) < 5 * math.sqrt(n * share * (1 - share)) + 0.01 * n


def test_infilling_prefers_no_place():
    hits = torch.zeros(40)
    for seed in range(1500):
        noised = text_infilling(torch.arange(10, 50), seeded(seed), mask_id=MASK_ID, rate=0.3)
        missing = set(range(10, 50)) - set(noised.tolist())
        hits[[token - 10 for token in missing]] += 1
    share = hits / 1500
    # A span of three covers a token inside in three ways, and the first one in one way; both ends are alike.
    assert (share[4:-4] - 0.32).abs().max() < 0.06
    assert (share - share.flip(0)).abs().max() < 0.06


def test_permutation_keeps_every_sentence_whole():
    sentences = [(5, 6, STOP), (7, STOP), (8, 9, 10, STOP), (11, 12)]
    ids = torch.tensor([token for sentence in sentences for token in sentence])
    orders = Counter(tuple(sentence_permutation(ids, seeded(seed), stop_ids=[STOP]).tolist()) for seed in range(400))
    assert len(orders) == 24
    for order in orders:
        assert len(order) == len(ids)
        assert all(sentence in [order[i : i + len(sentence)] for i in range(len(order))] for sentence in sentences)


def test_rotation_is_every_cyclic_shift():
    ids = torch.tensor([3, 4, 5, 6, 7])
    seen = Counter(tuple(document_rotation(ids, seeded(seed)).tolist()) for seed in range(300))
    assert set(seen) == {tuple(torch.roll(ids, shift).tolist()) for shift in range(5)}
    assert min(seen.values()) > 30


def test_composition_goes_from_left_to_right():
    noise = compose(partial(token_deletion, rate=0.5), partial(token_masking, mask_id=MASK_ID, rate=1.0))
    noised = noise(TEXT, seeded())
    assert (noised == MASK_ID).all()
    assert 900 < len(noised) < 1100


every_noise = [
    partial(token_masking, mask_id=MASK_ID, rate=0.5),
    partial(token_deletion, rate=0.5),
    partial(text_infilling, mask_id=MASK_ID, rate=0.5),
    partial(sentence_permutation, stop_ids=[STOP]),
    document_rotation,
]


@settings(max_examples=40, deadline=None)
@given(ids=texts, seed=st.integers(0, 1000), which=st.integers(0, 4))
def test_any_text_will_do_and_the_seed_decides(ids, seed, which):
    before, noise = ids.clone(), every_noise[which]
    first, second = noise(ids, seeded(seed)), noise(ids, seeded(seed))
    assert torch.equal(first, second)
    assert torch.equal(ids, before)
    assert set(first.tolist()) <= {*ids.tolist(), MASK_ID}


@pytest.mark.parametrize(
    "noise", [token_deletion, partial(text_infilling, mask_id=1), partial(token_masking, mask_id=1)]
)
def test_a_rate_is_a_share(noise):
    with pytest.raises(InvalidInput, match=r"1\.5"):
        noise(TEXT, seeded(), rate=1.5)


def test_a_batch_for_the_decoder_is_shifted_and_padded():
    clean = [torch.tensor([7, 8, 9]), torch.tensor([5])]
    noise = partial(token_masking, mask_id=MASK_ID, rate=1.0)
    source, target, labels = denoising_batch(clean, noise, seeded(), start_id=2, end_id=3, pad_id=0)
    assert source.tolist() == [[1, 1, 1, 3], [1, 3, 0, 0]]
    assert target.tolist() == [[2, 7, 8, 9], [2, 5, 0, 0]]
    assert labels.tolist() == [[7, 8, 9, 3], [5, 3, IGNORE, IGNORE]]
    assert torch.equal(labels[:, :-1][labels[:, 1:] != IGNORE], target[:, 1:][labels[:, 1:] != IGNORE])
