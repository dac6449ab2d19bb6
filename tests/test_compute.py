"""The compute calculators against the numbers of the book and of the papers behind it."""

import math

import numpy as np
import pytest

from minillm import compute
from minillm.errors import InvalidInput

GPT3 = (175e9, 300e9)


def test_gpt3_takes_3646_pf_days() -> None:
    flops = compute.training_flops(*GPT3)
    assert flops == pytest.approx(3.15e23, rel=1e-12)
    assert round(compute.pf_days(flops)) == 3646
    # The paper's own table has 3.64e3, from 174.6 billion parameters.
    assert compute.pf_days(compute.training_flops(174.6e9, 300e9)) == pytest.approx(3640, rel=1e-3)


def test_a_pf_day_is_a_petaflop_machine_for_a_day() -> None:
    assert compute.training_days(compute.PF_DAY, 1, 1e15, 1.0) == pytest.approx(1.0, rel=1e-12)
    assert compute.pf_days(1e15 * 24 * 3600) == pytest.approx(1.0, rel=1e-12)


def test_gpt3_takes_23_days_on_a_thousand_a100() -> None:
    days = compute.training_days(compute.training_flops(*GPT3), 1000, compute.A100.peak_flops, 0.5)
    assert days == pytest.approx(23.3, abs=0.1)
    from_the_books_figure = compute.training_days(3640 * compute.PF_DAY, 1000, compute.A100.peak_flops, 0.5)
    assert from_the_books_figure == pytest.approx(23.33, abs=0.005)


def test_opt_needs_14_days_and_took_two_months() -> None:
    flops = compute.training_flops(175e9, 180e9)
    assert compute.training_days(flops, 992, compute.A100.peak_flops, 0.5) == pytest.approx(14.1, abs=0.05)
    two_months = 2 * compute.DAYS_PER_MONTH
    share = compute.utilization(flops, 992, two_months, compute.A100.peak_flops)
    assert share == pytest.approx(0.12, abs=0.005)


def test_bloom_reached_35_percent() -> None:
    flops = compute.training_flops(176e9, 366e9)
    assert flops == pytest.approx(3.86e23, rel=2e-3)
    share = compute.utilization(flops, 384, 3.5 * compute.DAYS_PER_MONTH, compute.A100.peak_flops)
    assert share == pytest.approx(0.35, abs=0.005)


@pytest.mark.parametrize("share", [0.01, 0.37, 1.0])
def test_days_and_utilization_undo_each_other(share: float) -> None:
    days = compute.training_days(1e21, 16, compute.H100.peak_flops, share)
    assert compute.utilization(1e21, 16, days, compute.H100.peak_flops) == pytest.approx(share, rel=1e-12)


def test_energy_and_carbon_match_the_llama_paper() -> None:
    # Table 15: GPU-hours, MWh and tonnes of three models trained on boards of 400 W.
    for hours, mwh, tonnes in [(1_022_362, 449, 173), (809_472, 356, 137), (1_082_880, 475, 183)]:
        energy = compute.energy_mwh(hours, compute.A100.watts, pue=1.1)
        assert energy == pytest.approx(mwh, rel=0.005)
        assert compute.carbon_tonnes(energy) == pytest.approx(tonnes, rel=0.01)
    # BLOOM's own paper: 433,196 kWh and 24.7 tonnes on French electricity, without the data center's overhead.
    energy = compute.energy_mwh(1_082_990, compute.A100.watts, pue=1)
    assert energy == pytest.approx(433.196, rel=1e-6)
    assert compute.carbon_tonnes(energy, 0.057) == pytest.approx(24.7, rel=2e-3)


def test_device_hours() -> None:
    assert compute.device_hours(2048, 21) == 2048 * 21 * 24


def test_compute_optimal_spends_the_budget_at_the_ratio() -> None:
    parameters, tokens = compute.compute_optimal(5.88e23)
    assert parameters == pytest.approx(70e9, rel=1e-3)
    assert tokens == pytest.approx(1400e9, rel=1e-3)
    parameters, tokens = compute.compute_optimal(1e20, tokens_per_parameter=7)
    assert tokens / parameters == pytest.approx(7, rel=1e-12)
    assert compute.training_flops(parameters, tokens) == pytest.approx(1e20, rel=1e-12)


def test_power_laws_have_the_published_constants() -> None:
    assert compute.KAPLAN_PARAMETERS.loss(8.8e13) == pytest.approx(1.0)
    assert compute.KAPLAN_TOKENS.loss(5.4e13) == pytest.approx(1.0)
    assert compute.KAPLAN_COMPUTE.loss(3.1e8) == pytest.approx(1.0)
    for law, exponent in [
        (compute.KAPLAN_PARAMETERS, 0.076),
        (compute.KAPLAN_TOKENS, 0.095),
        (compute.KAPLAN_COMPUTE, 0.050),
    ]:
        assert law.loss(2e9) / law.loss(1e9) == pytest.approx(2**-exponent, rel=1e-12)


def test_the_peaks_are_the_data_sheets() -> None:
    peaks = {d.name: d.peak_flops / 1e12 for d in (compute.V100, compute.A100, compute.H100, compute.TPU_V4)}
    assert peaks == {"V100 SXM2": 125, "A100 SXM": 312, "H100 SXM": 989, "TPU v4": 275}
    for device in (compute.V100, compute.A100, compute.H100, compute.TPU_V4):
        assert device.source.startswith("https://")


@pytest.mark.parametrize("bad", [0, -1, -1e9, math.nan, math.inf])
def test_numbers_must_be_positive_and_finite(bad: float) -> None:
    calls = [
        lambda: compute.training_flops(bad, 1),
        lambda: compute.training_flops(1, bad),
        lambda: compute.pf_days(bad),
        lambda: compute.training_days(bad, 1, 1, 0.5),
        lambda: compute.training_days(1, 1, bad, 0.5),
        lambda: compute.training_days(1, 1, 1, bad),
        lambda: compute.utilization(bad, 1, 1, 1),
        lambda: compute.utilization(1, 1, bad, 1),
        lambda: compute.utilization(1, 1, 1, bad),
        lambda: compute.device_hours(1, bad),
        lambda: compute.energy_mwh(bad, 1),
        lambda: compute.energy_mwh(1, bad),
        lambda: compute.energy_mwh(1, 1, bad),
        lambda: compute.carbon_tonnes(bad),
        lambda: compute.carbon_tonnes(1, bad),
        lambda: compute.compute_optimal(bad),
        lambda: compute.compute_optimal(1, bad),
        lambda: compute.KAPLAN_TOKENS.loss(bad),
    ]
    for call in calls:
        with pytest.raises(InvalidInput, match="give a positive finite number"):
            call()


def test_the_message_names_the_argument() -> None:
    with pytest.raises(InvalidInput, match="tokens is -5"):
        compute.training_flops(1, -5)
    with pytest.raises(InvalidInput, match="devices is 0"):
        compute.training_days(1e20, 0, 1e14)


def test_shares_have_limits() -> None:
    with pytest.raises(InvalidInput, match=r"utilization is 1\.1"):
        compute.training_days(1e20, 8, 1e14, 1.1)
    with pytest.raises(InvalidInput, match=r"pue is 0\.9"):
        compute.energy_mwh(1000, 400, pue=0.9)


def test_numpy_scalars_are_numbers() -> None:
    assert compute.pf_days(np.float64(8.64e19)) == pytest.approx(1.0)
