"""Our small models and transformers' with the same weights."""

import pytest
import torch

from minillm.models import BART, GPT, BARTConfig, GPTConfig, Llama, LlamaConfig

VOCAB = 61


@pytest.fixture(autouse=True, scope="session")
def one_thread():
    """Threads that wait for one another make tensors of this size many times slower on a busy machine."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def llama() -> Llama:
    torch.manual_seed(3)
    config = LlamaConfig(vocab_size=VOCAB, context=64, layers=2, heads=4, kv_heads=2, width=32, ffn_width=48)
    return _spread(Llama(config))


def gpt() -> GPT:
    torch.manual_seed(4)
    return _spread(GPT(GPTConfig(vocab_size=VOCAB, context=64, layers=2, heads=4, width=32)))


def bart() -> BART:
    torch.manual_seed(5)
    config = BARTConfig(vocab_size=VOCAB, context=64, encoder_layers=2, decoder_layers=2, heads=4, width=32)
    model = _spread(BART(config), 0.15)
    with torch.no_grad():
        # With layer norms behind the blocks it takes small blocks, embeddings of one length and telling positions.
        table = model.token_embedding.weight
        table.mul_(0.5 / table.norm(dim=1, keepdim=True))
        model.decoder_positions.weight.mul_(6)
    return model


def _spread(model, std=0.3):
    """Weights large enough that the next token depends on the whole text; small ones repeat one token for ever."""
    with torch.no_grad():
        for p in model.parameters():
            if p.dim() > 1:
                p.normal_(std=std)
    return model.eval()


def as_llama(ours: Llama):
    transformers = pytest.importorskip("transformers")
    c = ours.config
    config = transformers.LlamaConfig(
        vocab_size=c.vocab_size,
        hidden_size=c.width,
        intermediate_size=c.ffn_size,
        num_hidden_layers=c.layers,
        num_attention_heads=c.heads,
        num_key_value_heads=c.kv_size,
        max_position_embeddings=c.context,
        rms_norm_eps=c.norm_eps,
        tie_word_embeddings=False,
        bos_token_id=None,
        eos_token_id=None,
    )
    theirs = transformers.LlamaForCausalLM(config).eval()
    names = {
        "token_embedding": "model.embed_tokens",
        "norm": "model.norm",
        "output": "lm_head",
    }
    inner = {
        "attention.query": "self_attn.q_proj",
        "attention.key": "self_attn.k_proj",
        "attention.value": "self_attn.v_proj",
        "attention.output": "self_attn.o_proj",
        "feedforward.gate": "mlp.gate_proj",
        "feedforward.up": "mlp.up_proj",
        "feedforward.down": "mlp.down_proj",
        "attention_norm": "input_layernorm",
        "feedforward_norm": "post_attention_layernorm",
    }
    for i in range(c.layers):
        names |= {f"blocks.{i}.{a}": f"model.layers.{i}.{b}" for a, b in inner.items()}
    _copy(ours, theirs, names)
    return theirs


def as_gpt2(ours: GPT):
    transformers = pytest.importorskip("transformers")
    c = ours.config
    config = transformers.GPT2Config(
        vocab_size=c.vocab_size,
        n_positions=c.context,
        n_embd=c.width,
        n_layer=c.layers,
        n_head=c.heads,
        bos_token_id=None,
        eos_token_id=None,
    )
    theirs = transformers.GPT2LMHeadModel(config).eval()
    names = {"token_embedding": "transformer.wte", "position_embedding": "transformer.wpe", "norm": "transformer.ln_f"}
    inner = {"attention_norm": "ln_1", "feedforward_norm": "ln_2"}
    turned = {"attention.output": "attn.c_proj", "feedforward.up": "mlp.c_fc", "feedforward.down": "mlp.c_proj"}
    for i in range(c.layers):
        names |= {f"blocks.{i}.{a}": f"transformer.h.{i}.{b}" for a, b in inner.items()}
    _copy(ours, theirs, names)
    with torch.no_grad():
        for block, layer in zip(ours.blocks, theirs.transformer.h, strict=True):
            parts = [block.attention.query, block.attention.key, block.attention.value]
            layer.attn.c_attn.weight.copy_(torch.cat([p.weight for p in parts]).T)
            layer.attn.c_attn.bias.copy_(torch.cat([p.bias for p in parts]))
            for a, b in turned.items():
                mine, other = block.get_submodule(a), layer.get_submodule(b)
                other.weight.copy_(mine.weight.T)
                other.bias.copy_(mine.bias)
    return theirs


def as_bart(ours: BART):
    transformers = pytest.importorskip("transformers")
    c = ours.config
    config = transformers.BartConfig(
        vocab_size=c.vocab_size,
        max_position_embeddings=c.context,
        d_model=c.width,
        encoder_layers=c.encoder_layers,
        decoder_layers=c.decoder_layers,
        encoder_attention_heads=c.heads,
        decoder_attention_heads=c.heads,
        encoder_ffn_dim=4 * c.width,
        decoder_ffn_dim=4 * c.width,
        decoder_start_token_id=c.start_id,
        forced_eos_token_id=None,
        eos_token_id=None,
        bos_token_id=None,
        pad_token_id=1,
    )
    theirs = transformers.BartForConditionalGeneration(config).eval()
    names = {"token_embedding": "model.shared"}
    for side in ("encoder", "decoder"):
        names |= {
            f"{side}_positions": f"model.{side}.embed_positions",
            f"{side}_embedding_norm": f"model.{side}.layernorm_embedding",
        }
        inner = {"feedforward.up": "fc1", "feedforward.down": "fc2", "feedforward_norm": "final_layer_norm"}
        kinds = [("attention", "self_attn"), ("cross", "encoder_attn")]
        for mine, other in kinds[: 1 + (side == "decoder")]:
            inner |= {
                f"{mine}.query": f"{other}.q_proj",
                f"{mine}.key": f"{other}.k_proj",
                f"{mine}.value": f"{other}.v_proj",
                f"{mine}.output": f"{other}.out_proj",
                f"{mine}_norm": f"{other}_layer_norm",
            }
        for i in range(getattr(c, f"{side}_layers")):
            names |= {f"{side}_blocks.{i}.{a}": f"model.{side}.layers.{i}.{b}" for a, b in inner.items()}
    _copy(ours, theirs, names)
    return theirs


def _copy(ours, theirs, names: dict[str, str]) -> None:
    with torch.no_grad():
        for a, b in names.items():
            mine, other = (
                dict(ours.get_submodule(a).named_parameters()),
                dict(theirs.get_submodule(b).named_parameters()),
            )
            assert mine.keys() == other.keys(), (a, b)
            for name, value in mine.items():
                other[name].copy_(value)


PAIRS = {"llama": (llama, as_llama), "gpt": (gpt, as_gpt2)}


@pytest.fixture(params=PAIRS, scope="module")
def pair(request):
    """A decoder of ours and transformers' with the same weights."""
    build, convert = PAIRS[request.param]
    ours = build()
    return ours, convert(ours)


@pytest.fixture(scope="module")
def bart_pair():
    """A BART of ours and transformers' with the same weights."""
    ours = bart()
    return ours, as_bart(ours)


@pytest.fixture(params=[llama, gpt, bart], ids=lambda build: build.__name__)
def model(request):
    """Any of our small models."""
    return request.param()


@pytest.fixture
def prompts(request):
    """Three prompts of 6, 4 and 1 tokens, padded on the left with token 60, which they do not hold otherwise.

    A BART's source is padded on the right, since its positions count from the first column.
    """
    ids = torch.randint(0, 60, (3, 6), generator=torch.Generator().manual_seed(8))
    mask = torch.tensor([[1] * 6, [0] * 2 + [1] * 4, [0] * 5 + [1]], dtype=torch.bool)
    if "model" in request.fixturenames and hasattr(request.getfixturevalue("model"), "encode"):
        mask = mask.flip(1)
    return ids.masked_fill(~mask, 60), mask
