import numpy as np
import pytest

from minillm.ngram import DiscountWarning, NgramCounts, NgramLM
from minillm.ngram.discounts import FALLBACK, estimate_absolute, estimate_modified, modified_discounts
from minillm.ngram.good_turing import adjusted_counts, katz_ratios, simple_good_turing

# The "prosody" example of Gale and Sampson (1995): r and n_r.
PROSODY = """1 120 2 40 3 24 4 13 5 15 6 5 7 11 8 2 9 2 10 1 12 3 14 2 15 1 16 1 17 3 19 1 20 3 21 2 23 3 24 3 25 3 26 2
27 2 28 1 31 2 32 2 33 1 34 2 36 2 41 3 43 1 45 3 46 1 47 1 50 1 71 1 84 1 101 1 105 1 121 1 124 1 146 1 162 1 193 1
199 1 224 1 226 1 254 1 257 1 339 1 421 1 456 1 481 1 483 1 1140 1 1256 1 1322 1 1530 1 2131 1 2395 1 6925 1 7846 1"""


def test_modified_discounts_equal_the_closed_form_of_the_counts(text):
    """Counts of counts taken with a dictionary, the formula written out, against what the model used."""
    train, _ = text
    model = NgramLM(3).fit(train)
    counts = NgramCounts.from_sentences(train, 3)
    for order, used in enumerate(model.discounts, start=1):
        adjusted = counts.continuation_counts(order).tolist()
        n1, n2, n3, n4 = (adjusted.count(r) for r in (1, 2, 3, 4))
        y = n1 / (n1 + 2 * n2)
        assert used == pytest.approx((1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3), rel=1e-14)
        assert used != FALLBACK


def test_absolute_discounts_equal_the_closed_form(text):
    train, _ = text
    for smoothing, what in (("absolute", "predicted_counts"), ("kneser_ney", "continuation_counts")):
        model = NgramLM(2, smoothing).fit(train)
        for order, (used, *_) in enumerate(model.discounts, start=1):
            adjusted = getattr(model.counts, what)(order).tolist()
            n1, n2 = adjusted.count(1), adjusted.count(2)
            assert used == pytest.approx(n1 / (n1 + 2 * n2), rel=1e-14)


@pytest.mark.parametrize(
    "counts",
    [[1, 1, 1], [2, 2, 3], [1, 1, 2], [1, 1, 1, 2, 3, 3]],
    ids=["n2 = 0", "n1 = 0", "n3 = 0", "D2 below zero"],
)
def test_modified_discounts_out_of_range_fall_back_with_a_warning(counts):
    with pytest.warns(DiscountWarning, match=r"order 4.*using 0\.5, 1, 1\.5"):
        assert estimate_modified(np.array(counts), 4) == FALLBACK == (0.5, 1.0, 1.5)


def test_the_case_that_falls_back_is_really_out_of_range():
    assert modified_discounts(3, 1, 2, 0)[1] == pytest.approx(-1.6)


def test_absolute_discount_falls_back_with_a_warning():
    with pytest.warns(DiscountWarning, match=r"n1 = 0 and n2 = 2; using 0\.5"):
        assert estimate_absolute(np.array([2, 2]), 1) == (0.5, 0.5, 0.5)


def test_simple_good_turing_gives_the_figures_of_the_paper():
    r, n = np.array(PROSODY.split(), dtype=int).reshape(-1, 2).T
    assert r @ n == 30902
    star = simple_good_turing(r, n)
    assert star[:5] == pytest.approx([0.7628, 1.7064, 2.6798, 3.6640, 4.6534], abs=5e-5)
    assert 1 - star @ n / 30902 == pytest.approx(120 / 30902, rel=1e-12)


def test_simple_good_turing_equals_nltk():
    probability = pytest.importorskip("nltk.probability")
    rng = np.random.default_rng(3)
    compared = 0
    for _ in range(15):
        counts = np.floor(rng.pareto(rng.uniform(0.7, 1.6), size=int(rng.integers(50, 2000))) * 2 + 1).astype(int)
        r, n = np.unique(counts, return_counts=True)
        star = simple_good_turing(r, n)
        peer = probability.SimpleGoodTuringProbDist(
            probability.FreqDist(dict(enumerate(counts.tolist()))), bins=len(counts) + 10
        )
        where = {int(c): i for i, c in enumerate(counts)}
        theirs = [peer.prob(where[int(a)]) * counts.sum() for a in r]
        assert star == pytest.approx(np.array(theirs), rel=1e-9)
        compared += len(r)
    assert compared > 300


def test_good_turing_shares_what_was_seen_once_among_the_unseen():
    counts = np.repeat([1, 2, 3, 4, 7], [60, 20, 10, 4, 2])
    worth, each = adjusted_counts(counts, unseen=500, order=2)
    assert each * 500 == pytest.approx(60, rel=1e-12)
    assert worth.sum() + each * 500 == pytest.approx(counts.sum(), rel=1e-12)
    assert np.all(worth < counts)


@pytest.mark.parametrize("counts", [[3, 3, 3], [1, 1, 1], [1, 2, 2, 2, 3, 3, 3, 3, 3, 3]])
def test_good_turing_falls_back_with_a_warning(counts):
    with pytest.warns(DiscountWarning, match="Good-Turing for order 2"):
        worth, each = adjusted_counts(np.array(counts), unseen=5, order=2)
    assert worth == pytest.approx(np.array(counts) - np.array([0.5, 1.0, 1.5])[np.array(counts) - 1])
    assert worth.sum() + 5 * each == pytest.approx(sum(counts))


def test_katz_ratios_free_as_much_as_good_turing_says():
    """Katz's condition: what counts of 1 to 5 give up together is n_1."""
    n = np.array([600, 200, 100, 60, 40, 28])
    ratios = katz_ratios(np.repeat([1, 2, 3, 4, 5, 6, 90], [*n, 5]), 2)
    r = np.arange(1, 6)
    assert np.sum((1 - ratios) * r * n[:5]) == pytest.approx(n[0], rel=1e-12)


def test_katz_ratios_out_of_range_are_replaced_one_by_one():
    with pytest.warns(DiscountWarning, match="for counts of 2"):
        ratios = katz_ratios(np.repeat([1, 2, 3, 4, 5, 6], [100, 20, 60, 20, 10, 1]), 2)
    assert ratios[1] == 0.5
    assert np.all((ratios > 0) & (ratios <= 1))
