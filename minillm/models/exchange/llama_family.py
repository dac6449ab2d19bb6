"""What Llama, Mistral, Qwen2 and Qwen3 share: the names of their tensors and most of their configuration.

Source: transformers' ``modeling_llama.py`` and those derived from it.
"""

from typing import Any

from minillm.models.exchange.values import LARGEST, activation, number, published_activation, size
from minillm.models.exchange.weights import Weight
from minillm.models.llama_config import LlamaConfig
from minillm.tokenizers.json_fields import Fields

LARGEST_BASE = 1e12


def read_common(fields: Fields, head_width: int | None = None) -> dict[str, Any]:
    """The fields of ``LlamaConfig`` that all four read alike.

    Args:
        fields: ``config.json``.
        head_width: What a missing ``head_dim`` means; None is width by heads.

    Returns:
        Arguments for ``LlamaConfig``.

    Raises:
        FormatError: Something missing or not supported.

    Source: transformers' ``LlamaConfig``.
    """
    width, heads = size(fields, "hidden_size"), size(fields, "num_attention_heads")
    base, scaling = _read_rope(fields)
    return {
        "vocab_size": size(fields, "vocab_size"),
        "context": size(fields, "max_position_embeddings"),
        "layers": size(fields, "num_hidden_layers"),
        "heads": heads,
        "kv_heads": size(fields, "num_key_value_heads", heads if fields.left.get("model_type") == "llama" else None),
        "width": width,
        "ffn_width": size(fields, "intermediate_size"),
        "head_width": size(fields, "head_dim", head_width or width // heads or 1),
        "norm_eps": number(fields, "rms_norm_eps", 1e-6),
        "tied": fields.take("tie_word_embeddings", bool, False),
        "rope_base": base,
        "rope_scaling": scaling,
        "dropout": number(fields, "attention_dropout", 0.0, 0.0, 0.999),
        "activation": activation(fields, "hidden_act", "silu"),
    }


def _read_rope(fields: Fields) -> tuple[float, tuple[float | int, ...] | None]:
    """Base and scaling, as transformers 5 has them (``rope_parameters``) or 4 (``rope_theta``, ``rope_scaling``)."""
    base = number(fields, "rope_theta", 10000.0, 1e-6, LARGEST_BASE)
    number(fields, "partial_rotary_factor", 1.0, 1.0, 1.0)
    rope = fields.object("rope_parameters") or fields.object("rope_scaling")
    if rope is None:
        return base, None
    base = number(rope, "rope_theta", base, 1e-6, LARGEST_BASE)
    number(rope, "partial_rotary_factor", 1.0, 1.0, 1.0)
    old = rope.take("type", str, "default")
    if rope.only("rope_type", ("default", "llama3"), old) == "default":
        return base, None
    low = number(rope, "low_freq_factor", None, 1e-6, 1e6)
    high = number(rope, "high_freq_factor", None, 1e-6, 1e6)
    if not low < high:
        raise rope.error(f"'low_freq_factor' {low} must be below 'high_freq_factor' {high}")
    factor = number(rope, "factor", None, 1e-6, 1e6)
    return base, (factor, low, high, size(rope, "original_max_position_embeddings"))


def write_common(config: LlamaConfig) -> dict[str, Any]:
    """What ``config.json`` says for all four.

    Args:
        config: Our configuration.

    Returns:
        The fields.

    Source: transformers' ``LlamaConfig``.
    """
    rope: dict[str, Any] = {"rope_type": "default", "rope_theta": config.rope_base}
    if config.rope_scaling is not None:
        factor, low, high, original = config.rope_scaling
        rope |= {"rope_type": "llama3", "factor": factor, "low_freq_factor": low, "high_freq_factor": high}
        rope["original_max_position_embeddings"] = original
    return {
        "vocab_size": config.vocab_size,
        "max_position_embeddings": config.context,
        "num_hidden_layers": config.layers,
        "num_attention_heads": config.heads,
        "num_key_value_heads": config.kv_size,
        "hidden_size": config.width,
        "intermediate_size": config.ffn_size,
        "head_dim": config.head_size,
        "rms_norm_eps": config.norm_eps,
        "tie_word_embeddings": config.tied,
        "rope_parameters": rope,
        # Readers of the older form find the same here.
        "rope_theta": config.rope_base,
        "attention_dropout": config.dropout,
        "hidden_act": published_activation(config.activation),
    }


def read_window(fields: Fields, layers: int) -> int | None:
    """Qwen's sliding window: on in all layers, off in all, or refused.

    Args:
        fields: ``config.json``.
        layers: Number of layers.

    Returns:
        The window, or None.

    Raises:
        FormatError: Some layers slide and some do not.

    Source: transformers' ``Qwen2Config``.
    """
    sliding = fields.take("use_sliding_window", bool, False)
    first = fields.take("max_window_layers", int, 28)
    kinds = fields.take("layer_types", (list, type(None)), None)
    if kinds is None:
        kinds = ["sliding_attention" if sliding and layer >= first else "full_attention" for layer in range(layers)]
    if len(kinds) != layers or any(kind not in ("sliding_attention", "full_attention") for kind in kinds):
        raise fields.error(f"'layer_types' does not name full or sliding attention for each of {layers} layers")
    if len(set(kinds)) > 1:
        raise fields.error("sliding attention in some layers only is not supported")
    window = fields.take("sliding_window", (int, type(None)), None)
    if kinds[0] == "full_attention":
        return None
    if not sliding or window is None or not 1 <= window <= LARGEST:
        raise fields.error(f"'use_sliding_window' is {sliding} and 'sliding_window' {window}, but the layers slide")
    return int(window)


def write_window(config: LlamaConfig) -> dict[str, Any]:
    """How Qwen's configuration says that all layers slide, or none.

    Args:
        config: Our configuration.

    Returns:
        The fields.

    Source: transformers' ``Qwen2Config``.
    """
    kind = "full_attention" if config.window is None else "sliding_attention"
    return {
        "use_sliding_window": config.window is not None,
        "sliding_window": config.window,
        "max_window_layers": config.layers if config.window is None else 0,
        "layer_types": [kind] * config.layers,
    }


def weights(config: LlamaConfig) -> list[Weight]:
    """The tensors of all four; biases and norms of queries and keys where the configuration has them.

    Args:
        config: The configuration.

    Returns:
        One entry a tensor of the file.

    Source: transformers' ``modeling_llama.py``.
    """
    listed = [
        Weight("model.embed_tokens.weight", ("token_embedding.weight",)),
        Weight("model.norm.weight", ("norm.weight",)),
    ]
    if not config.tied:
        listed.append(Weight("lm_head.weight", ("output.weight",)))
    names = [
        ("input_layernorm.weight", "attention_norm.weight"),
        ("post_attention_layernorm.weight", "feedforward_norm.weight"),
        ("self_attn.o_proj.weight", "attention.output.weight"),
        *((f"mlp.{part}_proj.weight", f"feedforward.{part}.weight") for part in ("gate", "up", "down")),
    ]
    for letter, part in (("q", "query"), ("k", "key"), ("v", "value")):
        names.append((f"self_attn.{letter}_proj.weight", f"attention.{part}.weight"))
        if config.qkv_bias:
            names.append((f"self_attn.{letter}_proj.bias", f"attention.{part}.bias"))
        if config.qk_norm and letter != "v":
            names.append((f"self_attn.{letter}_norm.weight", f"attention.{part}_norm.weight"))
    for layer in range(config.layers):
        listed += [Weight(f"model.layers.{layer}.{theirs}", (f"blocks.{layer}.{ours}",)) for theirs, ours in names]
    return listed


def copies(config: LlamaConfig) -> dict[str, str]:
    """The output layer, which a file of a tied model may repeat.

    Args:
        config: The configuration.

    Returns:
        Second name and first name.

    Source: this project.
    """
    return {"lm_head.weight": "model.embed_tokens.weight"} if config.tied else {}


IGNORED = r"model\.(layers\.\d+\.self_attn\.)?rotary_emb\.inv_freq"
