"""On a GPU: the same numbers as on the CPU, and training that learns in half precision, compiled."""

import numpy as np
import pytest
import torch

from minillm.generation import generate
from minillm.models import GPT, GPTConfig, Llama, LlamaConfig
from minillm.training import ShuffledWindows, TrainConfig, train

pytestmark = pytest.mark.gpu


@pytest.mark.parametrize(
    "make", [lambda: GPT(GPTConfig.tiny()), lambda: Llama(LlamaConfig.tiny())], ids=["gpt", "llama"]
)
def test_logits_and_greedy_tokens_are_those_of_the_cpu(make):
    torch.manual_seed(0)
    model = make().double().eval()
    ids = torch.randint(256, (2, 12))
    with torch.no_grad():
        expected = model(ids)
    written = generate(model, ids, max_new_tokens=8)
    model.cuda()
    with torch.no_grad():
        torch.testing.assert_close(model(ids.cuda()).cpu(), expected, rtol=0, atol=1e-10)
    assert torch.equal(generate(model, ids.cuda(), max_new_tokens=8).cpu(), written)


@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "compiled"])
def test_training_in_bfloat16_learns_a_cycle(compiled):
    torch.manual_seed(0)
    windows = ShuffledWindows(np.arange(4096, dtype=np.uint16) % 7, context=32, batch=8)
    config = TrainConfig(steps=100, learning_rate=3e-3, precision="bfloat16", compile=compiled, device="cuda")
    run = train(GPT(GPTConfig.tiny()), windows, config)
    assert run.finished
    assert run.loss < 0.5  # knowing nothing but the seven tokens it would be 1.95
