import json
import os
import shutil
import signal
import threading

import numpy as np
import pytest
import torch

from minillm.errors import FormatError, InvalidInput, Unavailable
from minillm.models import GPT, GPTConfig
from minillm.training import (
    AllWindows,
    Diverged,
    TrainConfig,
    evaluate,
    list_checkpoints,
    predict,
    read_records,
    token_loss,
    train,
)


def weights(model):
    return [p.detach().clone() for p in model.parameters()]


def same(one, other):
    return all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


def settings(**changes):
    return TrainConfig(
        **{"steps": 12, "learning_rate": 0.01, "device": "cpu", "checkpoint_every": 4, "log_every": 3} | changes
    )


def stopping_at(step):
    """A log that asks the run to stop, as Ctrl-C does."""

    def log(record):
        if record.step == step:
            os.kill(os.getpid(), signal.SIGINT)

    return log


@pytest.mark.parametrize("optimizer", ["adamw", "sgd", "muon"])
def test_it_learns(make_model, windows, text, optimizer):
    validation = AllWindows(text, context=8, batch=4)
    model = make_model()
    before = evaluate(model, validation).loss
    run = train(model, windows, settings(steps=80, optimizer=optimizer, learning_rate=0.03), validation=validation)
    assert run.finished
    assert run.validation_loss < before - 1
    assert run.position.tokens == 80 * 4 * 8
    assert [record.step for record in run.records][-2:] == [78, 80]
    assert run.records[-1].validation_loss == run.validation_loss
    assert run.validation_loss == evaluate(model, validation).loss


def test_any_function_of_a_number_will_do_as_data(windows):
    model = GPT(GPTConfig.tiny())
    run = train(model, lambda number: windows(number), TrainConfig(steps=2, device="cpu"))
    assert run.finished


def test_the_validation_loss_weighs_every_token_alike(make_model, text):
    model = make_model(dropout=0.5).double()
    validation = AllWindows(text[:30], context=8, batch=2)  # the last window has 5 labels, the others 8
    model.eval()
    inputs = torch.from_numpy(text[:30].astype(np.int64))
    total, count = token_loss(model(inputs[None, :-1]), inputs[None, 1:])  # a position sees itself alone
    model.train()
    found = evaluate(model, validation)
    assert found.tokens == int(count) == 29
    assert found.loss == pytest.approx(float(total.detach() / count), abs=1e-12)
    assert model.training


def test_seeds_decide_and_the_callers_chance_is_untouched(make_model, windows):
    results = []
    torch.manual_seed(5)
    for seed in (0, 0, 1):
        drawn = torch.get_rng_state()
        model = make_model(dropout=0.3)
        train(model, windows, settings(seed=seed))
        assert torch.equal(torch.get_rng_state(), drawn)
        results.append(weights(model))
    assert same(results[0], results[1])
    assert not same(results[0], results[2])


def test_nothing_is_written_without_a_folder(make_model, windows, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    train(make_model(), windows, settings())
    assert list(tmp_path.iterdir()) == []


def test_the_folder_of_a_run(make_model, windows, text, tmp_path):
    validation = AllWindows(text, context=8, batch=4)
    run = train(make_model(), windows, settings(evaluate_every=6), out=tmp_path, validation=validation)
    assert [path.name for path in list_checkpoints(tmp_path / "checkpoints")] == ["step-00000008", "step-00000012"]
    assert run.checkpoint == tmp_path / "checkpoints" / "step-00000012"
    records = read_records(tmp_path / "logs" / "train.jsonl")
    assert records == run.records
    assert [record.step for record in records] == [3, 6, 9, 12]
    assert [record.step for record in records if record.validation_loss is not None] == [6, 12]
    assert [record.tokens for record in records] == [96, 192, 288, 384]
    assert all(record.seconds > 0 and record.tokens_per_second > 0 for record in records)
    assert 0 < records[-1].learning_rate < records[0].learning_rate <= 0.01


@pytest.mark.parametrize("optimizer", ["adamw", "muon"])
def test_interrupted_and_resumed_is_bit_for_bit_the_same(make_model, windows, tmp_path, optimizer):
    config = settings(optimizer=optimizer, accumulate=2)
    whole = make_model(dropout=0.3)
    train(whole, windows, config)
    first = make_model(dropout=0.3)
    run = train(first, windows, config, out=tmp_path, logs=[stopping_at(6)])
    assert not run.finished
    assert run.checkpoint.name == "step-00000006"
    resumed = make_model(seed=9, dropout=0.3)  # every weight comes from the checkpoint
    run = train(resumed, windows, config, out=tmp_path, resume=True)
    assert run.finished
    assert same(weights(resumed), weights(whole))
    assert [record.step for record in read_records(tmp_path / "logs" / "train.jsonl")] == [3, 6, 9, 12]
    assert run.position.tokens == 12 * 2 * 32


def test_every_batch_is_asked_for_once_and_in_order(make_model, windows, tmp_path):
    asked = []

    def data(index):
        asked.append(index)
        return windows(index)

    config = settings(accumulate=2)
    train(make_model(), data, config, out=tmp_path, logs=[stopping_at(6)])
    assert asked == list(range(12))
    train(make_model(), data, config, out=tmp_path, resume=True)
    assert asked == list(range(24))


def test_a_resume_that_forgot_the_optimizer_would_not_pass(make_model, windows, tmp_path, monkeypatch):
    whole, resumed = make_model(), make_model()
    train(whole, windows, settings())
    train(resumed, windows, settings(), out=tmp_path, logs=[stopping_at(6)])
    monkeypatch.setattr("minillm.training.checkpoints._sorted_by_optimizer", lambda *_: [{}])
    train(resumed, windows, settings(), out=tmp_path, resume=True)
    assert not same(weights(resumed), weights(whole))


def test_a_finished_run_is_left_as_it_is(make_model, windows, text, tmp_path):
    validation = AllWindows(text, context=8, batch=4)
    model = make_model()
    done = train(model, windows, settings(), out=tmp_path, validation=validation)
    again = train(make_model(seed=3), windows, settings(), out=tmp_path, validation=validation, resume=True)
    assert again.finished
    assert again.position.step == 12
    assert again.validation_loss == done.validation_loss


def test_resuming_needs_to_be_asked_for_and_begins_where_there_is_nothing(make_model, windows, tmp_path):
    train(make_model(), windows, settings(), out=tmp_path / "run", resume=True)
    with pytest.raises(InvalidInput, match="step-00000012"):
        train(make_model(), windows, settings(), out=tmp_path / "run")


def test_other_settings_are_another_run(make_model, windows, tmp_path):
    train(make_model(), windows, settings(), out=tmp_path, logs=[stopping_at(6)])
    with pytest.raises(InvalidInput, match=r"learning_rate: 0\.01, and now 0\.02"):
        train(make_model(), windows, settings(learning_rate=0.02), out=tmp_path, resume=True)
    assert train(make_model(), windows, settings(steps=14, log_every=1), out=tmp_path, resume=True).position.step == 14


def test_a_damaged_last_checkpoint_is_named(make_model, windows, tmp_path):
    train(make_model(), windows, settings(), out=tmp_path, logs=[stopping_at(6)])
    damaged = tmp_path / "checkpoints" / "step-00000006"
    (damaged / "model.safetensors").write_bytes(b"")
    with pytest.raises(FormatError, match="remove the folder"):
        train(make_model(), windows, settings(), out=tmp_path, resume=True)
    shutil.rmtree(damaged)
    whole, resumed = make_model(), make_model()
    train(whole, windows, settings())
    assert train(resumed, windows, settings(), out=tmp_path, resume=True).finished
    assert same(weights(resumed), weights(whole))


@pytest.mark.parametrize("broken", [float("nan"), float("inf")])
def test_a_loss_that_is_no_number_stops_the_run(make_model, windows, tmp_path, broken):
    seen = []

    def objective(model, batch):
        seen.append(1)
        total, count = predict(model, batch)
        return (total * broken if len(seen) == 7 else total), count

    with pytest.raises(Diverged) as caught:
        train(make_model(), windows, settings(log_every=5), objective=objective, out=tmp_path)
    said = str(caught.value)
    assert "at step 7" in said
    assert "step-00000004" in said
    assert "lower learning rate (it was 0.01)" in said
    assert [path.name for path in list_checkpoints(tmp_path / "checkpoints")] == ["step-00000004"]


def test_the_gradient_is_looked_at_too(make_model, windows):
    def objective(model, batch):
        total, count = predict(model, batch)
        return total + torch.sqrt(0 * model.embedding.weight.sum()), count  # finite, with an infinite slope

    with pytest.raises(Diverged, match="norm of the gradient is nan at step 1; there is no checkpoint"):
        train(make_model(), windows, settings(), objective=objective)


def test_a_folder_that_cannot_be_written_is_found_before(make_model, tmp_path):
    def never(index):
        raise AssertionError("training began")

    (tmp_path / "file").write_text("")
    with pytest.raises(Unavailable, match="cannot be written"):
        train(make_model(), never, settings(), out=tmp_path / "file" / "run")


def test_too_little_room_is_found_before(make_model, tmp_path, monkeypatch):
    def never(index):
        raise AssertionError("training began")

    usage = shutil.disk_usage(tmp_path)._replace(free=5000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(Unavailable, match="the run will write about"):
        train(make_model(), never, settings(), out=tmp_path)


def test_a_disk_that_fills_up_leaves_the_last_checkpoint(make_model, windows, tmp_path, monkeypatch):
    from minillm.training import keeper

    whole = keeper.save_checkpoint

    def full(folder, step, *rest):
        if step == 8:
            raise OSError(28, "No space left on device")
        return whole(folder, step, *rest)

    monkeypatch.setattr(keeper, "save_checkpoint", full)
    with pytest.raises(Unavailable, match=r"step 8 could not be written \(No space.*step-00000004"):
        train(make_model(), windows, settings(), out=tmp_path)
    monkeypatch.undo()
    assert train(make_model(), windows, settings(), out=tmp_path, resume=True).finished


def test_the_clock_ends_a_run_of_minutes(make_model, windows, tmp_path, monkeypatch):
    """A clock that goes on by a second with every look at it: the end is in time, and the rate has come down."""
    now = iter(range(10_000))
    monkeypatch.setattr("minillm.training.loop.time.perf_counter", lambda: float(next(now)))
    run = train(make_model(), windows, settings(steps=None, minutes=1, schedule="linear", floor=0.0, log_every=1))
    assert run.finished
    assert 60 <= run.position.seconds <= 66
    assert run.records[-1].progress == 1
    assert run.records[-1].learning_rate < 0.1 * 0.01
    assert max(record.learning_rate for record in run.records) > 0.8 * 0.01


def test_a_run_of_minutes_goes_on_with_the_time_that_is_left(make_model, windows, tmp_path, monkeypatch):
    now = iter(range(10_000))
    monkeypatch.setattr("minillm.training.loop.time.perf_counter", lambda: float(next(now)))
    config = settings(steps=None, minutes=1, schedule="linear", floor=0.0, log_every=1)
    first = train(make_model(), windows, config, out=tmp_path, logs=[stopping_at(5)])
    second = train(make_model(), windows, config, out=tmp_path, resume=True)
    assert second.finished
    assert second.records[0].seconds > first.position.seconds
    assert second.position.seconds <= 66
    assert second.records[0].learning_rate < first.records[-1].learning_rate


def test_a_second_request_interrupts_at_once(make_model, windows):
    def objective(model, batch):
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
        return predict(model, batch)

    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        train(make_model(), windows, settings(), objective=objective)
    assert signal.getsignal(signal.SIGINT) is before


def test_it_runs_outside_the_main_thread(make_model, windows):
    runs = []
    thread = threading.Thread(target=lambda: runs.append(train(make_model(), windows, settings())))
    thread.start()
    thread.join()
    assert runs[0].finished


def test_bfloat16_is_near_and_keeps_the_weights_in_single(make_model, windows):
    losses = {}
    for precision in ("float32", "bfloat16"):
        model = make_model()
        kinds = []
        model.blocks[0].register_forward_hook(lambda *args, kinds=kinds: kinds.append(args[2].dtype))
        losses[precision] = train(model, windows, settings(precision=precision)).loss
        assert {p.dtype for p in model.parameters()} == {torch.float32}
        assert set(kinds) == {getattr(torch, precision)}
    assert losses["bfloat16"] == pytest.approx(losses["float32"], abs=0.03)
    assert losses["bfloat16"] != losses["float32"]


def test_compile_is_a_switch(make_model, windows, monkeypatch):
    calls = []
    monkeypatch.setattr(torch, "compile", lambda model: calls.append(model) or model)
    model = make_model()
    train(model, windows, settings(compile=True))
    assert calls == [model]


@pytest.mark.parametrize(
    "wrong",
    [
        {"steps": None},
        {"minutes": 1.0},
        {"steps": 0},
        {"learning_rate": 0.0},
        {"optimizer": "adam"},
        {"precision": "float16"},
        {"schedule": "step"},
        {"warmup": 1.0},
        {"clip": 0.0},
        {"accumulate": 0},
        {"log_every": 0},
        {"evaluate_every": -1},
    ],
)
def test_wrong_settings_are_refused(wrong):
    with pytest.raises(InvalidInput):
        settings(**wrong)


def test_a_device_that_is_not_there(make_model, windows):
    with pytest.raises(InvalidInput, match="device is 'abacus'"):
        train(make_model(), windows, settings(device="abacus"))
    with pytest.raises(Unavailable, match="cuda:99"):
        train(make_model(), windows, settings(device="cuda:99"))


def test_the_state_file_is_plain_json(make_model, windows, tmp_path):
    run = train(make_model(), windows, settings(), out=tmp_path)
    told = json.loads((run.checkpoint / "state.json").read_text())
    assert told["state"]["run"]["config"]["learning_rate"] == 0.01
