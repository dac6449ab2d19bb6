import errno
import random

import pytest
import torch
from torch import nn

from minillm.errors import FormatError, InvalidInput
from minillm.training import (
    TrainConfig,
    list_checkpoints,
    load_checkpoint,
    make_optimizers,
    predict,
    prune,
    save_checkpoint,
    update,
)
from minillm.training import checkpoints as module


def trained(model, windows, optimizer="muon", steps=3):
    """A model and its optimizers after a few updates."""
    config = TrainConfig(steps=10, optimizer=optimizer)
    made = make_optimizers(model, config)
    for step in range(steps):
        update(model, list(model.parameters()), made, [windows(step)], predict, config)
    return model, made


def everything(model, made):
    state = [p.detach().clone() for p in model.parameters()]
    for optimizer in made:
        for group in optimizer.param_groups:
            for parameter in group["params"]:
                held = optimizer.state[parameter]
                state += [held[key].clone() for key in sorted(held)]
    return state


def same(one, other):
    return len(one) == len(other) and all(
        torch.equal(a, b) and a.dtype == b.dtype for a, b in zip(one, other, strict=True)
    )


@pytest.fixture
def saved(tmp_path, make_model, windows):
    model, made = trained(make_model(), windows)
    made[0].param_groups[0]["lr"] = 0.0123
    path = save_checkpoint(tmp_path / "checkpoints", 3, model, made, {"tokens": 96, "text": "tëxt"})
    return path, everything(model, made), torch.rand(3)


@pytest.mark.parametrize("optimizer", ["adamw", "sgd", "muon"])
def test_everything_comes_back_and_training_goes_on_alike(tmp_path, make_model, windows, optimizer):
    model, made = trained(make_model(), windows, optimizer)
    path = save_checkpoint(tmp_path, 3, model, made, {})
    config = TrainConfig(steps=10, optimizer=optimizer)
    update(model, list(model.parameters()), made, [windows(3)], predict, config)
    fresh = make_model(seed=1)
    fresh_made = make_optimizers(fresh, config)
    load_checkpoint(path, fresh, fresh_made)
    update(fresh, list(fresh.parameters()), fresh_made, [windows(3)], predict, config)
    assert same(everything(model, made), everything(fresh, fresh_made))


def test_settings_state_and_chance_come_back(saved, make_model):
    path, kept, drawn = saved
    model = make_model(seed=1)
    made = make_optimizers(model, TrainConfig(steps=10, optimizer="muon"))
    assert load_checkpoint(path, model, made) == {"step": 3, "tokens": 96, "text": "tëxt"}
    assert same(everything(model, made), kept)
    assert made[0].param_groups[0]["lr"] == 0.0123
    assert isinstance(made[0].param_groups[0]["betas"], tuple)
    assert torch.equal(torch.rand(3), drawn)


def test_there_is_no_pickle_and_nothing_else(saved):
    path, _, _ = saved
    assert sorted(file.name for file in path.iterdir()) == [
        "model.safetensors",
        "optimizer.safetensors",
        "random.safetensors",
        "state.json",
    ]


def test_a_checkpoint_is_never_written_over(saved, make_model, windows):
    path, _, _ = saved
    with pytest.raises(InvalidInput, match="there already"):
        save_checkpoint(path.parent, 3, *trained(make_model(), windows), {})


def test_the_last_ones_are_kept_and_remains_are_swept(tmp_path, make_model, windows):
    model, made = trained(make_model(), windows)
    for step in (5, 100, 20, 99_999_999):
        save_checkpoint(tmp_path, step, model, made, {})
    (tmp_path / ".unfinished-killed").mkdir()
    (tmp_path / ".unfinished-killed" / "model.safetensors").write_bytes(b"half")
    (tmp_path / "mine.txt").write_text("not ours")
    prune(tmp_path, keep=2)
    assert [path.name for path in list_checkpoints(tmp_path)] == ["step-00000100", "step-99999999"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine.txt", "step-00000100", "step-99999999"]
    with pytest.raises(InvalidInput, match="keep"):
        prune(tmp_path, keep=0)


@pytest.mark.parametrize("moment", ["save_file", "_sync", "_digest"])
def test_a_full_disk_leaves_nothing_behind(tmp_path, make_model, windows, monkeypatch, moment):
    model, made = trained(make_model(), windows)
    save_checkpoint(tmp_path, 1, model, made, {})

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(module, moment, full)
    with pytest.raises(OSError, match="No space"):
        save_checkpoint(tmp_path, 2, model, made, {})
    assert [path.name for path in tmp_path.iterdir()] == ["step-00000001"]


def test_another_model_is_refused_and_nothing_is_loaded(saved, make_model):
    path, _, _ = saved
    others = {
        "missing": make_model(tied=False),
        r"embedding\.weight": make_model(width=4),
        "float64": make_model().double(),
    }
    for words, model in others.items():
        made = make_optimizers(model, TrainConfig(steps=10, optimizer="muon"))
        before = everything(model, made)
        with pytest.raises(FormatError, match=words):
            load_checkpoint(path, model, made)
        assert same(everything(model, made), before)


def test_other_optimizers_are_refused(saved, make_model):
    path, _, _ = saved
    model = make_model(seed=1)
    before = [p.detach().clone() for p in model.parameters()]
    with pytest.raises(FormatError, match="optimizer"):
        load_checkpoint(path, model, make_optimizers(model, TrainConfig(steps=10, optimizer="adamw")))
    assert same([p.detach() for p in model.parameters()], before)


def test_500_mutations_are_500_errors(saved, make_model):
    """Bytes changed, cut out, added, files emptied or gone: an error of ours each time, and nothing loaded."""
    path, _, _ = saved
    model = make_model(seed=1)
    made = make_optimizers(model, TrainConfig(steps=10, optimizer="muon"))
    before, chance = everything(model, made), random.Random(0)
    whole = {file.name: file.read_bytes() for file in path.iterdir()}
    for number in range(500):
        name = chance.choice(sorted(whole))
        data = bytearray(whole[name])
        place = chance.randrange(len(data))
        match number % 5:
            case 0:
                data[place] ^= 1 << chance.randrange(8)
            case 1:
                del data[place:]
            case 2:
                data[place:place] = chance.randbytes(8)
            case 3:
                del data[place : place + chance.randrange(1, 9)]
            case 4:
                data[place : place + 4] = bytes(255 - byte for byte in data[place : place + 4])
        (path / name).write_bytes(data)
        with pytest.raises(FormatError, match=name.replace(".", r"\.")):
            load_checkpoint(path, model, made)
        (path / name).write_bytes(whole[name])
    assert same(everything(model, made), before)
    load_checkpoint(path, model, made)
    assert not same(everything(model, made), before)


def test_a_missing_file_is_named(saved, make_model):
    path, _, _ = saved
    model = make_model()
    made = make_optimizers(model, TrainConfig(steps=10, optimizer="muon"))
    for name in sorted(file.name for file in path.iterdir()):
        (path / name).rename(path.parent / name)
        with pytest.raises(FormatError, match=name.replace(".", r"\.")):
            load_checkpoint(path, model, made)
        (path.parent / name).rename(path / name)


def test_buffers_are_kept(tmp_path):
    model = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    model(torch.randn(8, 2))
    save_checkpoint(tmp_path, 1, model, [], {})
    other = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    load_checkpoint(tmp_path / "step-00000001", other, [])
    assert torch.equal(other[1].running_mean, model[1].running_mean)
    assert other[1].num_batches_tracked == 1
