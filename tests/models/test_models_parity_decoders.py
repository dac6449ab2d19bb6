"""Random small models give the logits of transformers' models with the same weights, in float64."""

import re

import pytest
import torch

from minillm.models import GPT, GPTConfig, Llama, LlamaConfig
from minillm.nn import positions_from_mask

transformers = pytest.importorskip("transformers")


def randomize(peer):
    torch.manual_seed(1)
    with torch.no_grad():
        for parameter in peer.parameters():
            parameter.copy_(torch.randn_like(parameter) * 0.3 + (0.5 if parameter.dim() == 1 else 0.0))
    return peer.double().eval()


@pytest.fixture
def full_precision(monkeypatch):
    """The peer's RMSNorm falls to float32 whatever it is given; hold it at the precision of its input."""

    def forward(self, x):
        return self.weight * x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.variance_epsilon)

    for family in ("llama", "mistral", "qwen2", "qwen3"):
        module = __import__(f"transformers.models.{family}.modeling_{family}", fromlist=[family])
        monkeypatch.setattr(getattr(module, f"{family.capitalize()}RMSNorm"), "forward", forward)


def compare(model, peer, vocab):
    ids = torch.randint(0, vocab, (2, 11))
    torch.testing.assert_close(model(ids), peer(ids).logits, rtol=0, atol=1e-10)
    mask = torch.ones(2, 11, dtype=torch.bool)
    mask[0, :4] = False
    positions = positions_from_mask(mask)
    ours = model(ids, mask=mask, positions=positions)
    theirs = peer(ids, attention_mask=mask.long(), position_ids=positions).logits
    torch.testing.assert_close(ours[mask], theirs[mask], rtol=0, atol=1e-10)
    assert ours.std() > 0.1


GPT_NAMES = [
    (r"transformer\.wte\.", "token_embedding."),
    (r"transformer\.wpe\.", "position_embedding."),
    (r"transformer\.h\.", "blocks."),
    (r"transformer\.ln_f\.", "norm."),
    (r"\.ln_1\.", ".attention_norm."),
    (r"\.ln_2\.", ".feedforward_norm."),
    (r"\.attn\.c_proj\.", ".attention.output."),
    (r"\.mlp\.c_fc\.", ".feedforward.up."),
    (r"\.mlp\.c_proj\.", ".feedforward.down."),
    (r"transformer\.tokens_embed\.", "token_embedding."),
    (r"transformer\.positions_embed\.", "position_embedding."),
]


def from_gpt(peer):
    """Hugging Face's GPT keeps matrices transposed, and queries, keys and values in one."""
    state = {}
    for name, value in peer.state_dict().items():
        if name == "lm_head.weight":
            continue
        for pattern, ours in GPT_NAMES:
            name = re.sub(pattern, ours, name)
        value = value.T if re.search(r"(c_attn|output|up|down)\.weight$", name) else value
        if "attn.c_attn" in name:
            for part, piece in zip(("query", "key", "value"), value.chunk(3), strict=True):
                state[name.replace("attn.c_attn", f"attention.{part}")] = piece
        else:
            state[name] = value
    return state


def test_gpt2():
    peer = randomize(
        transformers.GPT2LMHeadModel(
            transformers.GPT2Config(vocab_size=61, n_positions=20, n_embd=24, n_layer=2, n_head=3)
        )
    )
    model = GPT(GPTConfig(vocab_size=61, context=20, layers=2, heads=3, width=24)).double().eval()
    model.load_state_dict(from_gpt(peer))
    compare(model, peer, 61)


def test_gpt1():
    peer = randomize(
        transformers.OpenAIGPTLMHeadModel(
            transformers.OpenAIGPTConfig(vocab_size=61, n_positions=20, n_embd=24, n_layer=2, n_head=3)
        )
    )
    model = GPT(GPTConfig(vocab_size=61, context=20, layers=2, heads=3, width=24, norm="post")).double().eval()
    model.load_state_dict(from_gpt(peer))
    ids = torch.randint(0, 61, (2, 11))
    torch.testing.assert_close(model(ids), peer(ids).logits, rtol=0, atol=1e-10)


LLAMA_NAMES = [
    (r"^model\.embed_tokens\.", "token_embedding."),
    (r"^model\.layers\.", "blocks."),
    (r"^model\.norm\.", "norm."),
    (r"^lm_head\.", "output."),
    (r"\.input_layernorm\.", ".attention_norm."),
    (r"\.post_attention_layernorm\.", ".feedforward_norm."),
    (r"\.self_attn\.([qk])_norm\.", r".attention.\1_norm."),
    (r"\.self_attn\.([qkvo])_proj\.", r".attention.\1."),
    (r"\.attention\.q(_norm)?\.", r".attention.query\1."),
    (r"\.attention\.k(_norm)?\.", r".attention.key\1."),
    (r"\.attention\.v\.", ".attention.value."),
    (r"\.attention\.o\.", ".attention.output."),
    (r"\.mlp\.(gate|up|down)_proj\.", r".feedforward.\1."),
]


def from_llama(peer, tied):
    state = {}
    for name, value in peer.state_dict().items():
        for pattern, ours in LLAMA_NAMES:
            name = re.sub(pattern, ours, name)
        if not (tied and name == "output.weight"):
            state[name] = value
    return state


SIZES = {"vocab_size": 61, "hidden_size": 24, "num_hidden_layers": 2, "intermediate_size": 40}
OURS = {"vocab_size": 61, "context": 32, "layers": 2, "width": 24, "ffn_width": 40}
LLAMA31 = {
    "rope_type": "llama3",
    "rope_theta": 500000.0,
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 16,
}
CASES = {
    "llama": ("Llama", {"num_attention_heads": 3}, {"heads": 3}),
    "llama_6_to_2": ("Llama", {"num_attention_heads": 6, "num_key_value_heads": 2}, {"heads": 6, "kv_heads": 2}),
    "llama_tied": (
        "Llama",
        {"num_attention_heads": 2, "num_key_value_heads": 1, "tie_word_embeddings": True},
        {"heads": 2, "kv_heads": 1, "tied": True},
    ),
    "llama31": (
        "Llama",
        {"num_attention_heads": 3, "rope_parameters": LLAMA31},
        {"heads": 3, "rope_base": 500000.0, "rope_scaling": (8.0, 1.0, 4.0, 16)},
    ),
    "mistral": (
        "Mistral",
        {"num_attention_heads": 6, "num_key_value_heads": 2, "sliding_window": 4},
        {"heads": 6, "kv_heads": 2, "window": 4},
    ),
    "qwen2": (
        "Qwen2",
        {"num_attention_heads": 3, "num_key_value_heads": 1},
        {"heads": 3, "kv_heads": 1, "qkv_bias": True},
    ),
    "qwen3": (
        "Qwen3",
        {"num_attention_heads": 8, "num_key_value_heads": 1, "head_dim": 10},
        {"heads": 8, "kv_heads": 1, "head_width": 10, "qk_norm": True},
    ),
}


@pytest.mark.usefixtures("full_precision")
@pytest.mark.parametrize("case", CASES)
def test_llama_family(case):
    family, theirs, ours = CASES[case]
    config = getattr(transformers, f"{family}Config")(
        **{"num_key_value_heads": theirs["num_attention_heads"], **SIZES, **theirs}, max_position_embeddings=32
    )
    peer = randomize(getattr(transformers, f"{family}ForCausalLM")(config))
    model = Llama(LlamaConfig(**OURS, **ours)).double().eval()
    model.load_state_dict(from_llama(peer, model.config.tied))
    compare(model, peer, 61)
