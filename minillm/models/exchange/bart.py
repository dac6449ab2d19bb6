"""BART: one embedding table for encoder, decoder and output; positions begin two rows into their table.

Source: transformers' ``modeling_bart.py``; Lewis et al. 2020.
"""

from collections.abc import Collection
from typing import Any

from minillm.models.bart import BART, BARTConfig
from minillm.models.exchange.values import dropout, size
from minillm.models.exchange.weights import Exchange, Weight
from minillm.tokenizers.json_fields import Fields


def read_config(fields: Fields, names: Collection[str]) -> BARTConfig:
    """Our configuration from theirs; of the three dropouts, that of the hidden states is taken.

    Args:
        fields: ``config.json``.
        names: Names of the tensors.

    Returns:
        The configuration.

    Raises:
        FormatError: Something missing or not supported.

    Source: transformers' ``BartConfig``.
    """
    fields.only("activation_function", ("gelu",), "gelu")
    fields.only("tie_word_embeddings", (True,), True)
    fields.only("is_encoder_decoder", (True,), True)
    for old, needed in (
        ("normalize_before", False),
        ("normalize_embedding", True),
        ("add_final_layer_norm", False),
        ("static_position_embeddings", False),
    ):
        fields.only(old, (needed,), needed)
    heads, ffn_width = size(fields, "encoder_attention_heads"), size(fields, "encoder_ffn_dim")
    fields.only("decoder_attention_heads", (heads,))
    fields.only("decoder_ffn_dim", (ffn_width,))
    start = fields.take("decoder_start_token_id", (int, type(None)), 2)
    vocab_size = size(fields, "vocab_size")
    if start is not None and not 0 <= start < vocab_size:
        raise fields.error(f"'decoder_start_token_id' is {start}, outside the vocabulary of {vocab_size}")
    return BARTConfig(
        vocab_size=vocab_size,
        context=size(fields, "max_position_embeddings"),
        encoder_layers=size(fields, "encoder_layers"),
        decoder_layers=size(fields, "decoder_layers"),
        heads=heads,
        width=size(fields, "d_model"),
        ffn_width=ffn_width,
        dropout=dropout(fields, "dropout"),
        norm_eps=1e-5,  # fixed in the published model; no key says it
        scale_embedding=fields.take("scale_embedding", bool, False),
        start_id=2 if start is None else start,
    )


def write_config(config: BARTConfig) -> dict[str, Any]:
    """Their configuration from ours.

    Args:
        config: Ours.

    Returns:
        What ``config.json`` says.

    Source: transformers' ``BartConfig``.
    """
    ffn_width = config.ffn_width or 4 * config.width
    return {
        "architectures": ["BartForConditionalGeneration"],
        "is_encoder_decoder": True,
        "vocab_size": config.vocab_size,
        "max_position_embeddings": config.context,
        "encoder_layers": config.encoder_layers,
        "decoder_layers": config.decoder_layers,
        "encoder_attention_heads": config.heads,
        "decoder_attention_heads": config.heads,
        "encoder_ffn_dim": ffn_width,
        "decoder_ffn_dim": ffn_width,
        "d_model": config.width,
        "dropout": config.dropout,
        "attention_dropout": config.dropout,
        "activation_dropout": 0.0,
        "activation_function": "gelu",
        "scale_embedding": config.scale_embedding,
        "decoder_start_token_id": config.start_id,
        "tie_word_embeddings": True,
    }


def weights(config: BARTConfig) -> list[Weight]:
    """The tensors of a BART.

    Args:
        config: Its configuration.

    Returns:
        One entry a tensor of the file.

    Source: transformers' ``modeling_bart.py``.
    """
    listed = [
        Weight("model.shared.weight", ("token_embedding.weight",)),
        Weight("final_logits_bias", ("output_bias",), row=True, optional=True),
    ]
    for side, layers in (("encoder", config.encoder_layers), ("decoder", config.decoder_layers)):
        listed.append(Weight(f"model.{side}.embed_positions.weight", (f"{side}_positions.weight",)))
        names = _BLOCK if side == "encoder" else _BLOCK + _CROSS
        for kind in ("weight", "bias"):
            listed.append(Weight(f"model.{side}.layernorm_embedding.{kind}", (f"{side}_embedding_norm.{kind}",)))
            listed += [
                Weight(f"model.{side}.layers.{layer}.{theirs}.{kind}", (f"{side}_blocks.{layer}.{ours}.{kind}",))
                for layer in range(layers)
                for theirs, ours in names
            ]
    return listed


_PARTS = (("q_proj", "query"), ("k_proj", "key"), ("v_proj", "value"), ("out_proj", "output"))
_BLOCK = (
    *((f"self_attn.{theirs}", f"attention.{ours}") for theirs, ours in _PARTS),
    ("self_attn_layer_norm", "attention_norm"),
    ("fc1", "feedforward.up"),
    ("fc2", "feedforward.down"),
    ("final_layer_norm", "feedforward_norm"),
)
_CROSS = (
    *((f"encoder_attn.{theirs}", f"cross.{ours}") for theirs, ours in _PARTS),
    ("encoder_attn_layer_norm", "cross_norm"),
)


_TABLES = ("lm_head.weight", "model.encoder.embed_tokens.weight", "model.decoder.embed_tokens.weight")

BART_EXCHANGE = Exchange(
    model_type="bart",
    model=BART,
    architectures=("BartForConditionalGeneration", "BartModel"),
    prefix="model.",
    read_config=read_config,
    write_config=write_config,
    weights=weights,
    copies=lambda config: dict.fromkeys(_TABLES, "model.shared.weight"),
)
