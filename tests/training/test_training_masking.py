import pytest
import torch

from minillm.errors import InvalidInput
from minillm.training import IGNORE, SentencePair, join_pairs, mask_tokens, next_sentence_pairs

N, VOCAB, MASK_ID = 100_000, 1000, 4


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def masked(seed=0, **options):
    ids = torch.randint(5, VOCAB, (N,), generator=seeded(9))
    ids[::10] = 2
    return ids, *mask_tokens(ids, seeded(seed), mask_id=MASK_ID, vocab_size=VOCAB, special_ids=[2], **options)


def within(count, of, share, deviations=4.5):
    return abs(count - of * share) < deviations * (of * share * (1 - share)) ** 0.5


def test_shares_are_15_and_80_10_10():
    ids, noised, labels = masked()
    chosen = labels != IGNORE
    usual = ids != 2
    assert within(int(chosen.sum()), int(usual.sum()), 0.15)
    hidden, kept = noised[chosen] == MASK_ID, noised[chosen] == ids[chosen]
    assert within(int(hidden.sum()), len(hidden), 0.8 + 0.1 / VOCAB)
    assert within(int(kept.sum()), len(kept), 0.1 + 0.1 / VOCAB)
    assert within(int((~hidden & ~kept).sum()), len(kept), 0.1)


def test_only_chosen_tokens_change_and_labels_are_the_originals():
    ids, noised, labels = masked()
    chosen = labels != IGNORE
    assert torch.equal(noised[~chosen], ids[~chosen])
    assert torch.equal(labels[chosen], ids[chosen])
    assert not chosen[ids == 2].any()  # special tokens are never touched


def test_random_tokens_come_from_the_whole_vocabulary():
    ids, noised, labels = masked()
    exchanged = noised[(labels != IGNORE) & (noised != ids) & (noised != MASK_ID)]
    assert exchanged.min() < 50
    assert exchanged.max() > VOCAB - 50
    assert exchanged.max() < VOCAB


def test_the_seed_decides():
    assert torch.equal(masked(seed=1)[1], masked(seed=1)[1])
    assert not torch.equal(masked(seed=1)[1], masked(seed=2)[1])


@pytest.mark.parametrize("rate", [0.0, 1.0])
def test_the_rate_is_a_share_of_the_usual_tokens(rate):
    ids, _, labels = masked(rate=rate)
    assert int((labels != IGNORE).sum()) == rate * int((ids != 2).sum())


@pytest.mark.parametrize(("rate", "mask_id"), [(-0.1, 4), (1.5, 4), (float("nan"), 4), (0.1, VOCAB), (0.1, -1)])
def test_wrong_settings_are_refused(rate, mask_id):
    with pytest.raises(InvalidInput):
        mask_tokens(torch.tensor([5]), seeded(), mask_id=mask_id, vocab_size=VOCAB, rate=rate)


# A sentence tells its document and number: document 3, sentence 4 is [304].
DOCUMENTS = [[[100 * document + number] for number in range(6)] for document in range(80)]


def test_half_of_the_pairs_belong_together_and_the_rest_are_from_elsewhere():
    pairs = next_sentence_pairs(DOCUMENTS, seeded())
    assert [pair.first[0] for pair in pairs] == [100 * d + n for d in range(80) for n in range(5)]
    assert within(sum(pair.label for pair in pairs), len(pairs), 0.5)
    for pair in pairs:
        if pair.label:
            assert pair.second[0] // 100 != pair.first[0] // 100
        else:
            assert pair.second[0] == pair.first[0] + 1


def test_every_other_document_is_drawn_from():
    pairs = next_sentence_pairs(DOCUMENTS[:3] * 1, seeded(), random_share=1.0)
    pairs += [
        pair for seed in range(1, 20) for pair in next_sentence_pairs(DOCUMENTS[:3], seeded(seed), random_share=1.0)
    ]
    assert {(pair.first[0] // 100, pair.second[0] // 100) for pair in pairs} == {
        (a, b) for a in range(3) for b in range(3) if a != b
    }


def test_one_document_has_no_elsewhere():
    with pytest.raises(InvalidInput, match="at least 2"):
        next_sentence_pairs([*DOCUMENTS[:1], []], seeded())


def test_pairs_are_laid_out_with_segments_and_mask():
    pairs = [SentencePair((11, 12, 13), (21,), 1), SentencePair((14,), (22, 23, 24, 25, 26), 0)]
    ids, segments, mask, labels = join_pairs(pairs, cls_id=1, sep_id=2, pad_id=0, length=8)
    assert ids.tolist() == [[1, 11, 12, 13, 2, 21, 2, 0], [1, 14, 2, 22, 23, 24, 25, 2]]  # the longer half lost 26
    assert segments.tolist() == [[0, 0, 0, 0, 0, 1, 1, 0], [0, 0, 0, 1, 1, 1, 1, 1]]
    assert mask.tolist() == [[True] * 7 + [False], [True] * 8]
    assert labels.tolist() == [1, 0]
