from dataclasses import replace

import pytest
import torch

from minillm.errors import InvalidInput
from minillm.models.pretrained import from_pretrained, save_pretrained
from minillm.training.presets import PRESETS, find_preset


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_s_model_has_a_published_layout(name, tmp_path):
    """Else one would learn of it when training is over."""
    model = replace(PRESETS[name], model=replace(PRESETS[name].model, layers=1)).make(300)
    save_pretrained(model, tmp_path / "model")
    ids = torch.arange(24).view(2, 12)
    assert torch.equal(from_pretrained(tmp_path / "model")(ids), model.eval()(ids))
    assert model.config.vocab_size == 300


def test_gpt2_is_gpt2():
    preset = find_preset("gpt2")
    with torch.device("meta"):
        model = preset.make(50_257)
    assert sum(parameter.numel() for parameter in model.parameters()) == 124_439_808
    assert preset.batch * preset.training.accumulate * preset.model.context == 524_288


def test_an_unknown_preset_names_those_there_are():
    with pytest.raises(InvalidInput, match="tiny, shakespeare-cpu, gpt2"):
        find_preset("gpt5")
