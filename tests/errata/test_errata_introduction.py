"""Errata of the book's chapter 1 and section 2.1: the printed version fails, the corrected one holds."""

import datetime
import math
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

from minillm import catalogue, compute


def bend(x: np.ndarray, y: np.ndarray) -> float:
    """Largest distance of y from its straight-line fit over x, as a share of the range of y."""
    line = np.polyval(np.polyfit(x, y, 1), x)
    return float(np.abs(y - line).max() / (y.max() - y.min()))


@pytest.mark.parametrize("law", [compute.KAPLAN_PARAMETERS, compute.KAPLAN_TOKENS, compute.KAPLAN_COMPUTE])
def test_e1_the_law_is_straight_on_log_log_axes_only(law: compute.PowerLaw) -> None:
    amounts = np.logspace(-9, 0, 50) * law.scale  # nine factors of ten, below the scale
    losses = np.array([law.loss(float(x)) for x in amounts])
    # Right: a power law, a straight line of slope -exponent when both axes are logarithmic.
    assert bend(np.log10(amounts), np.log10(losses)) < 1e-9
    assert np.polyfit(np.log10(amounts), np.log10(losses), 1)[0] == pytest.approx(-law.exponent, rel=1e-9)
    # Wrong: the loss itself, linear in the logarithm of the amount.
    assert bend(np.log10(amounts), losses) > 0.05
    slope, start = np.polyfit(np.log10(amounts), losses, 1)
    empty = 10 ** (-start / slope)  # where the linear reading reaches a loss of zero
    assert slope < 0
    assert slope * np.log10(10 * empty) + start < 0, "the linear reading predicts a negative cross-entropy"
    assert law.loss(10 * empty) > 0


def test_e2_the_unit_is_pflop_per_second_days() -> None:
    needed = compute.training_flops(175e9, 300e9)
    as_printed = 3640 * 1e15
    corrected = 3640 * compute.PF_DAY
    assert corrected == pytest.approx(needed, rel=0.005)
    assert corrected == pytest.approx(3.14e23, rel=0.005)
    assert as_printed == pytest.approx(needed / 86_400, rel=0.005)
    # With the printed amount the book's own cluster would be done in half a minute, not in about a month.
    cluster = {"devices": 1000, "peak_flops": compute.A100.peak_flops, "utilization": 0.5}
    assert compute.training_days(as_printed, **cluster) * compute.SECONDS_PER_DAY < 30
    assert 20 < compute.training_days(corrected, **cluster) < 31


@pytest.mark.parametrize(
    ("name", "printed_trillion_tokens", "terabytes"),
    [("PanGu-α", 1.1, {"zh": 1.1}), ("CPM-2", 2.6, {"zh": 2.3, "en": 0.3})],
)
def test_e3_volumes_are_not_token_counts(
    name: str, printed_trillion_tokens: float, terabytes: dict[str, float]
) -> None:
    model = next(model for model in catalogue.load() if model.name == name)
    total = sum(terabytes.values())
    assert model.tokens_billion is None
    assert model.data_volume == f"{total:g} TB"
    # Wrong: as many tokens as bytes. A token of Chinese is at least one character, which is three bytes long.
    least_bytes = {"zh": len("努".encode()), "en": 1}
    most_tokens = sum(volume / least_bytes[language] for language, volume in terabytes.items())
    assert printed_trillion_tokens == pytest.approx(total)
    assert printed_trillion_tokens > 2 * most_tokens


def test_e4a_bloom_has_176_billion_parameters() -> None:
    layers, width, vocabulary = 70, 14_336, 250_880
    block = 12 * width**2 + 13 * width  # attention 4, feed-forward 8 matrices; their biases 9, two norms 4 vectors
    parameters = vocabulary * width + layers * block + 4 * width  # a norm after the embedding and one at the end
    assert parameters == 176_247_271_424
    bloom = next(model for model in catalogue.load() if model.name == "BLOOM")
    assert bloom.parameters_billion == round(parameters / 1e9) == 176
    assert round(parameters / 1e9) != 175


def test_e4_catalogue_holds_the_corrected_rows() -> None:
    rows = {model.name: model for model in catalogue.load()}
    robin, stable, bard = rows["Robin-65B"], rows["StableLM-Alpha"], rows["Bard"]
    assert (robin.kind, robin.base) == ("instruct", "LLaMA")
    assert (stable.base, stable.parameters_billion, stable.tokens_billion) == ("", 7.9, 800)
    assert stable.parameters_billion == round(7_869_358_080 / 1e9, 1)
    assert bard.base == "LaMDA"
    assert bard.date < datetime.date(2023, 5, 10), "PaLM 2 was not announced yet"
    assert rows["GLaM"].tokens_billion == 600
    assert (rows["Alpaca"].parameters_billion, rows["Alpaca"].date.month) == (6.7, 3)
    assert rows["Vicuna"].date.month == 3
    assert rows["Gorilla"].base == "LLaMA"
    assert rows["Gorilla"].date < datetime.date(2023, 6, 6), "the versions on MPT and Falcon came later"


def test_e4g_most_models_came_after_chatgpt() -> None:
    models = catalogue.load()
    after = sum(model.date > datetime.date(2022, 11, 30) for model in models)
    in_2019 = sum(model.date.year == 2019 for model in models)
    assert after > len(models) / 2
    assert in_2019 == 1


def test_e4n_total_size_overstates_a_mixtures_compute() -> None:
    gpt3 = compute.training_flops(175e9, 300e9)
    by_total = compute.training_flops(1200e9, 600e9) / gpt3
    by_active = compute.training_flops(96.6e9, 600e9) / gpt3
    assert round(by_total) == 14
    assert by_active == pytest.approx(1.1, abs=0.01)
    assert {model.name for model in catalogue.load() if model.sparse} == {"CPM-2", "GLaM", "PanGu-Σ"}


def test_e22c_the_first_word_needs_a_start_symbol() -> None:
    sentences = [["the", "cat", "sleeps"], ["the", "dog", "sleeps"], ["a", "cat", "sleeps"]]

    def pairs(padded: list[list[str]]) -> Counter[tuple[str, str]]:
        return Counter(pair for words in padded for pair in pairwise(words))

    def probability(word: str, before: str, counts: Counter[tuple[str, str]]) -> float:
        return counts[before, word] / sum(n for (first, _), n in counts.items() if first == before)

    # Wrong: no pair of the data ends in the first word of a sentence, so P(the | w_0) is 0 / 0 for any w_0.
    printed = pairs(sentences)
    assert not any(second == "the" for _, second in printed)
    with pytest.raises(ZeroDivisionError):
        probability("the", "<s>", printed)
    # Right: with a start symbol it is the share of sentences that begin with the word.
    corrected = pairs([["<s>", *words] for words in sentences])
    assert probability("the", "<s>", corrected) == pytest.approx(2 / 3)
    assert math.isclose(sum(probability(word, "<s>", corrected) for word in ("the", "a")), 1.0)
