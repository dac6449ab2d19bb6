import itertools
import math

import pytest
import torch

from minillm.errors import InvalidInput
from minillm.training import TrainConfig, cosine, linear, make_optimizers, make_schedule, set_rates, warm_up, wsd
from minillm.training.run import Position

PLACES = [step / 200 for step in range(201)]


@pytest.mark.parametrize("p", PLACES[::5])
def test_closed_forms(p):
    rise = p / 0.1
    after = (p - 0.1) / 0.9
    wanted = {
        cosine: rise if p < 0.1 else 0.2 + 0.8 * (0.5 + 0.5 * math.cos(math.pi * after)),
        linear: rise if p < 0.1 else 1 - 0.8 * after,
        wsd: rise if p < 0.1 else 1.0 if p <= 0.7 else 1 - 0.8 * (p - 0.7) / 0.3,
    }
    assert cosine(p, 0.1, 0.2) == pytest.approx(wanted[cosine], abs=1e-12)
    assert linear(p, 0.1, 0.2) == pytest.approx(wanted[linear], abs=1e-12)
    assert wsd(p, 0.1, 0.2, decay=0.3) == pytest.approx(wanted[wsd], abs=1e-12)


@pytest.mark.parametrize("name", ["constant", "cosine", "linear", "wsd"])
def test_schedules_are_continuous_and_end_at_the_floor(name):
    factor = make_schedule(name, 0.1, 0.25, 0.3)
    values = [factor(p) for p in PLACES]
    assert max(abs(a - b) for a, b in itertools.pairwise(values)) < 0.06
    assert values[0] == 0
    assert max(values) == pytest.approx(1, abs=1e-12)
    assert values[-1] == pytest.approx(1 if name == "constant" else 0.25, abs=1e-12)


def test_cosine_is_torch_s_own():
    weight = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([weight], lr=1.0)
    theirs = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=50, eta_min=0.1)
    for step in range(50):
        assert cosine(step / 50, 0.0, 0.1) == pytest.approx(optimizer.param_groups[0]["lr"], abs=1e-12)
        optimizer.step()
        theirs.step()


def test_no_warm_up_begins_at_the_peak():
    assert warm_up(0.0, 0.0) == cosine(0.0, 0.0) == linear(0.0, 0.0) == wsd(0.0, 0.0) == 1
    assert wsd(1.0, decay=0.0) == 1


@pytest.mark.parametrize("wrong", [{"warmup": 1.0}, {"floor": -0.1}, {"decay": 0.99}, {"name": "exponential"}])
def test_wrong_shares_are_refused(wrong):
    settings = {"name": "wsd", "warmup": 0.02, "floor": 0.0, "decay": 0.2} | wrong
    with pytest.raises(InvalidInput):
        make_schedule(**settings)


def test_no_step_is_lost_to_a_rate_of_zero():
    config = TrainConfig(steps=10, schedule="linear", warmup=0.2, floor=0.0)
    factors = [config.factor(Position(step=step).progress(config)) for step in range(10)]
    assert min(factors) > 0.05
    assert factors[:3] == pytest.approx([0.25, 0.75, 0.9375])  # the middles of the steps
    assert factors[-1] == pytest.approx(0.0625)


def test_by_the_clock_the_rate_has_come_down_when_time_is_up():
    config = TrainConfig(minutes=2, schedule="linear", warmup=0.0, floor=0.0)
    # Steps of a second, and a machine that gets slower on the way.
    for seconds, step in ((60, 60), (119, 119), (119, 70)):
        factor = config.factor(Position(step=step, seconds=seconds).progress(config))
        assert factor == pytest.approx(1 - (seconds + seconds / step / 2) / 120)
    assert Position(step=70, seconds=119.9).share(config) < 1
    assert Position(step=70, seconds=120.1).share(config) == 1


def test_rates_follow_their_own_peaks(make_model):
    optimizers = make_optimizers(
        make_model(), TrainConfig(steps=1, optimizer="muon", learning_rate=0.1, matrix_rate=0.5)
    )
    for factor in (0.5, 0.25):  # from the peak each time, not from where the last step left it
        set_rates(optimizers, factor)
        rates = sorted({group["lr"] for optimizer in optimizers for group in optimizer.param_groups})
        assert rates == pytest.approx([0.1 * factor, 0.5 * factor])
