"""Published parameter counts, reproduced exactly; what sizes.py works out, against models that were built."""

from dataclasses import replace

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from minillm.errors import InvalidInput
from minillm.models import (
    BART,
    BERT,
    GPT,
    BARTConfig,
    BERTConfig,
    GPTConfig,
    Llama,
    LlamaConfig,
    Transformer,
    TransformerConfig,
)
from minillm.models.sizes import cache_bytes, count_flops, count_parameters, training_flops_per_token, training_memory
from minillm.nn import Trace

BARE = {"mlm_head": False, "nsp_head": False}
PUBLISHED = {
    "GPT-1": (GPTConfig.gpt1(), 116_534_784),
    "GPT-2": (GPTConfig.gpt2(), 124_439_808),
    "GPT-2 medium": (GPTConfig.gpt2_medium(), 354_823_168),
    "GPT-2 large": (GPTConfig.gpt2_large(), 774_030_080),
    "GPT-2 XL": (GPTConfig.gpt2_xl(), 1_557_611_200),
    "GPT-3": (GPTConfig.gpt3(), 174_604_259_328),
    "LLaMA 7B": (LlamaConfig.llama_7b(), 6_738_415_616),
    "LLaMA 13B": (LlamaConfig.llama_13b(), 13_015_864_320),
    "LLaMA 33B": (LlamaConfig.llama_33b(), 32_528_943_616),
    "LLaMA 65B": (LlamaConfig.llama_65b(), 65_285_660_672),
    "LLaMA 2 7B": (LlamaConfig.llama2_7b(), 6_738_415_616),
    "LLaMA 2 70B": (LlamaConfig.llama2_70b(), 68_976_648_192),
    "LLaMA 3 8B": (LlamaConfig.llama3_8b(), 8_030_261_248),
    "LLaMA 3.1 70B": (LlamaConfig.llama31_70b(), 70_553_706_496),
    "LLaMA 3.1 405B": (LlamaConfig.llama31_405b(), 405_853_388_800),
    "LLaMA 3.2 1B": (LlamaConfig.llama32_1b(), 1_235_814_400),
    "Mistral 7B": (LlamaConfig.mistral_7b(), 7_241_732_096),
    "Qwen2 7B": (LlamaConfig.qwen2_7b(), 7_615_616_512),
    "Qwen3 0.6B": (LlamaConfig.qwen3_0_6b(), 596_049_920),
    "Qwen3 8B": (LlamaConfig.qwen3_8b(), 8_190_735_360),
    "BERT base": (replace(BERTConfig.base(), **BARE), 109_482_240),
    "BERT base, masked": (replace(BERTConfig.base(), pooler=False, nsp_head=False), 109_514_298),
    "BERT base, both heads": (BERTConfig.base(), 110_106_428),
    "BERT large": (replace(BERTConfig.large(), **BARE), 335_141_888),
    "BART base": (BARTConfig.base(), 139_420_416),
    "BART large": (BARTConfig.large(), 406_291_456),
}
DEEP = ("GPT-2 large", "LLaMA 2 70B", "LLaMA 3.1 70B", "LLaMA 3.1 405B", "Qwen3 8B", "BART large")
MODELS = {GPTConfig: GPT, LlamaConfig: Llama, BERTConfig: BERT, BARTConfig: BART, TransformerConfig: Transformer}
SWITCHES = {
    "gpt": replace(GPTConfig.tiny(), ffn_width=50, tied=False),
    "gpt_post": replace(GPTConfig.tiny(), norm="post"),
    "llama": LlamaConfig.tiny(),
    "llama_default_ffn": replace(LlamaConfig.tiny(), ffn_width=None, kv_heads=None),
    "qwen2": replace(LlamaConfig.tiny(), qkv_bias=True, tied=True),
    "qwen3": replace(LlamaConfig.tiny(), qk_norm=True, head_width=12),
    "palm": replace(LlamaConfig.tiny(), parallel=True, kv_heads=1, norm="layer"),
    "llama_learned": replace(LlamaConfig.tiny(), positions="learned", gated=False, ffn_width=None),
    "bert": replace(BERTConfig.tiny(), segments=3),
    "bert_bare": replace(BERTConfig.tiny(), pooler=False, **BARE),
    "bart": replace(BARTConfig.tiny(), decoder_layers=3),
    "transformer": replace(TransformerConfig.tiny(), source_vocab=50, decoder_layers=1),
    "transformer_pre_tied": replace(TransformerConfig.tiny(), norm="pre", tied=True, shared=True),
}


def parameters(model):
    return sum(parameter.numel() for parameter in model.parameters())


@pytest.mark.parametrize("name", PUBLISHED)
def test_presets_have_the_published_number_of_parameters(name):
    config, published = PUBLISHED[name]
    assert sum(count_parameters(config).values()) == published
    # The deepest would take seconds to build; their counts rest on the same formulas as the others'.
    if name not in DEEP:
        with torch.device("meta"):
            model = MODELS[type(config)](config)
        assert parameters(model) == published


def test_the_transformers_stacks_are_those_of_the_book():
    with torch.device("meta"):
        model = Transformer(replace(TransformerConfig.base(), norm="pre"))
    assert parameters(model.encoder_blocks) + parameters(model.encoder_norm) == 18_915_328
    assert parameters(model.decoder_blocks) + parameters(model.decoder_norm) == 25_225_216


def test_palm_is_within_rounding_of_the_paper():
    assert sum(count_parameters(LlamaConfig.palm_8b()).values()) == pytest.approx(8.63e9, abs=1e7)
    assert sum(count_parameters(LlamaConfig.palm_540b()).values()) == pytest.approx(540.35e9, abs=1e7)


def part_of(name):
    if ".attention." in name or ".cross." in name:
        return "attention"
    if "norm" in name and "masked" not in name:
        return "norms"
    if ".feedforward." in name:
        return "feed-forward"
    return "embeddings" if "embedding" in name or "positions" in name else "heads"


@pytest.mark.parametrize("name", SWITCHES)
def test_parameters_by_part(name):
    config = SWITCHES[name]
    counted = dict.fromkeys(("embeddings", "attention", "feed-forward", "norms", "heads"), 0)
    for parameter_name, parameter in MODELS[type(config)](config).named_parameters():
        counted[part_of(parameter_name)] += parameter.numel()
    assert count_parameters(config) == counted


@pytest.mark.parametrize("name", sorted(set(SWITCHES) - {"bert_bare"}))
def test_operations_are_those_that_pytorch_counts(name):
    config = SWITCHES[name]
    model = MODELS[type(config)](config)
    ids = torch.zeros(1, 16, dtype=torch.long)
    # With a trace, attention is plain matrix products, all of which PyTorch counts.
    arguments = (ids, ids) if isinstance(config, BARTConfig | TransformerConfig) else (ids,)
    with FlopCounterMode(display=False) as forward:
        logits = model(*arguments, trace=Trace())
    assert forward.get_total_flops() == 16 * sum(count_flops(config, 16).values())
    with FlopCounterMode(display=False) as backward:
        logits.sum().backward()
    both = forward.get_total_flops() + backward.get_total_flops()
    assert both == 16 * training_flops_per_token(config, 16)


def test_operations_follow_the_rule_of_thumb():
    config = GPTConfig.gpt2()
    rule = 6 * 124_439_808 + 12 * 12 * 768 * 1024
    assert training_flops_per_token(config, 1024) == pytest.approx(rule, rel=0.01)


@pytest.mark.parametrize("name", ["gpt", "llama", "qwen3", "palm"])
def test_the_cache_holds_the_bytes_that_were_worked_out(name):
    config = SWITCHES[name]
    cache = MODELS[type(config)](config).new_cache(3, 10)
    assert cache.bytes == cache_bytes(config, positions=10, batch=3, number_bytes=4)


def test_the_cache_of_an_encoder_decoder_counts_its_source():
    model = BART(SWITCHES["bart"])
    ids = torch.zeros(2, 10, dtype=torch.long)
    cache = model.new_cache(2, 10)
    model(ids, ids, cache=cache)
    assert cache.bytes == cache_bytes(model.config, positions=10, batch=2, number_bytes=4)


def test_cache_bytes_of_the_book():
    assert cache_bytes(LlamaConfig.llama_7b()) == 524_288
    assert cache_bytes(replace(LlamaConfig.llama_7b(), kv_heads=1)) == 16 * 1024
    assert cache_bytes(LlamaConfig.llama2_70b()) == 0.3125 * 2**20
    assert cache_bytes(replace(LlamaConfig.llama2_70b(), kv_heads=64)) == 2.5 * 2**20


@pytest.mark.parametrize("precision", ["float32", "mixed"])
def test_training_takes_sixteen_bytes_a_parameter(precision):
    assert sum(training_memory(LlamaConfig.llama_7b(), precision).values()) == 16 * 6_738_415_616


def test_what_cannot_be_counted_is_refused():
    with pytest.raises(InvalidInput, match="context is 0"):
        count_flops(GPTConfig.gpt2(), 0)
    with pytest.raises(InvalidInput, match="precision is 'int8'"):
        training_memory(GPTConfig.gpt2(), "int8")
    with pytest.raises(InvalidInput, match="no cache"):
        cache_bytes(BERTConfig.base())
