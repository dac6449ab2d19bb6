import io
import json
import math
import sys
from dataclasses import replace

import pytest
import torch

from minillm.errors import FormatError
from minillm.models.gpt import GPT, GPTConfig
from minillm.models.llama import Llama, LlamaConfig
from minillm.models.sizes import training_flops_per_token
from minillm.training import (
    JsonLines,
    LiveCurve,
    ProgressBar,
    Record,
    TensorBoard,
    flops_per_token,
    matmul_rate,
    read_records,
)
from minillm.training.meter import Meter
from minillm.training.run import Position

RECORD = Record(10, 0.1, 640, 2.0, 4.1, 1e-3, 1.2, 320.0, 0.25)


def at(step, **changes):
    return replace(RECORD, step=step, progress=step / 100, **changes)


def test_json_lines_come_back(tmp_path):
    log = JsonLines(tmp_path / "train.jsonl")
    records = [at(10), at(20, validation_loss=3.5), at(30, utilization=None)]
    for record in records:
        log(record)
        assert read_records(tmp_path / "train.jsonl")[-1] == record  # readable while it goes on
    log.close()
    assert "utilization" not in json.loads((tmp_path / "train.jsonl").read_text().splitlines()[2])


def test_a_resumed_run_forgets_what_was_learned_and_lost(tmp_path):
    path = tmp_path / "train.jsonl"
    log = JsonLines(path)
    for step in (10, 20, 30):
        log(at(step))
    log.close()
    path.write_text(path.read_text() + '{"step": 40, "prog')  # killed while writing
    log = JsonLines(path, after=20)
    log(at(30, loss=1.0))
    log.close()
    assert [(record.step, record.loss) for record in read_records(path)] == [(10, 4.1), (20, 4.1), (30, 1.0)]
    JsonLines(path).close()
    assert read_records(path) == []


@pytest.mark.parametrize("line", ["{}", "not json", '{"step": 1, "unknown": 2}'])
def test_a_line_that_is_no_record_is_named(tmp_path, line):
    path = tmp_path / "train.jsonl"
    JsonLines(path)(RECORD)
    path.write_text(path.read_text() + line + "\n")
    with pytest.raises(FormatError, match="line 2"):
        read_records(path)


def test_the_bar_writes_a_line_now_and_then_where_nobody_looks(monkeypatch):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    bar = ProgressBar(lines=4)
    for step in range(1, 101):
        bar(at(step, seconds=float(step), validation_loss=3.25 if step == 60 else None))
    bar.close()
    lines = sys.stderr.getvalue().splitlines()
    assert [line.split("%")[0].strip() for line in lines] == ["1", "25", "50", "60", "75", "100"]
    assert "loss 4.100" in lines[0]
    assert "320 tok/s (25% of matmul)" in lines[0]
    assert "99 s left" in lines[0]
    assert "val" not in lines[2]
    assert "val 3.250" in lines[-1]


def test_the_bar_is_a_bar_on_a_terminal(monkeypatch):
    stream = io.StringIO()
    stream.isatty = lambda: True
    monkeypatch.setattr(sys, "stderr", stream)
    bar = ProgressBar()
    bar(at(50))
    bar.close()
    assert "50%|" in stream.getvalue()
    assert "step 50 loss 4.100" in stream.getvalue()


def test_tensorboard_holds_the_same_numbers(tmp_path):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    log = TensorBoard(tmp_path)
    log(at(10, validation_loss=3.5))
    log(at(20, loss=2.0))
    log.close()
    events = EventAccumulator(str(tmp_path))
    events.Reload()
    assert [(e.step, round(e.value, 3)) for e in events.Scalars("loss")] == [(10, 4.1), (20, 2.0)]
    assert [(e.step, e.value) for e in events.Scalars("validation_loss")] == [(10, 3.5)]


def test_the_live_curve_is_one_picture_that_changes(monkeypatch):
    shown = []

    class Handle:
        def update(self, picture):
            shown.append(("update", picture.data))

    def display(picture, display_id):
        shown.append(("display", picture.data))
        return Handle()

    monkeypatch.setattr("IPython.display.display", display)
    curve = LiveCurve(every=2)
    for step in range(1, 6):
        curve(at(step, validation_loss=3.0 if step == 2 else None))
    curve.close()
    assert [kind for kind, _ in shown] == ["display", "update", "update"]
    assert all("<svg" in picture for _, picture in shown)
    assert "after 5 steps" in shown[-1][1]


def test_the_meter_weighs_by_tokens_and_leaves_pauses_out(monkeypatch):
    now = iter([0.0, 1.0, 4.0, 5.0])  # made; the pause begins and ends; the record
    monkeypatch.setattr("minillm.training.meter.time.perf_counter", lambda: next(now))
    meter, position = Meter(flops=10.0, peak=1000.0), Position(step=2)
    meter.add(torch.tensor(30.0), torch.tensor(10), torch.tensor(1.0))
    meter.add(torch.tensor(5.0), torch.tensor(90), torch.tensor(2.0))
    with meter.paused():
        pass
    record = meter.record(position, 0.5, 0.1)
    assert record.loss == pytest.approx(0.35)  # the mean of the means would be 1.53
    assert record.tokens_per_second == pytest.approx(100 / 2)
    assert record.utilization == pytest.approx(50 * 10 / 1000)
    assert (record.tokens, position.tokens, record.gradient_norm) == (100, 100, 2.0)


def test_a_record_of_no_steps_has_no_loss():
    assert math.isnan(Meter(flops=1.0, peak=None).record(Position(), 0.0, 0.0).loss)


@pytest.mark.parametrize(
    "model",
    [
        GPT(GPTConfig.tiny()),
        GPT(GPTConfig(vocab_size=50, context=32, layers=1, heads=2, width=8, tied=False)),
        Llama(LlamaConfig.tiny()),
    ],
    ids=["tied GPT", "GPT", "Llama"],
)
def test_operations_are_those_of_the_sizes(model):
    assert flops_per_token(model, 24) == training_flops_per_token(model.config, 24)


def test_the_matmul_rate_is_a_rate():
    """Timed by hand with the same product, within what a busy machine leaves."""
    rate = matmul_rate(torch.device("cpu"), seconds=0.05)
    assert 1e8 < rate < 1e14
