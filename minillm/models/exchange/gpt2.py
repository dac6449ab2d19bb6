"""GPT-2: matrices are kept with inputs first (``Conv1D``), and queries, keys and values in one.

Source: transformers' ``modeling_gpt2.py``; Radford et al. 2019.
"""

from collections.abc import Collection
from typing import Any

from minillm.models.exchange.values import activation, dropout, number, published_activation, size
from minillm.models.exchange.weights import Exchange, Weight
from minillm.models.gpt import GPT, GPTConfig
from minillm.tokenizers.json_fields import Fields


def read_config(fields: Fields, names: Collection[str]) -> GPTConfig:
    """Our configuration from theirs; of the three dropouts, that of the residual stream is taken.

    Args:
        fields: ``config.json``.
        names: Names of the tensors.

    Returns:
        The configuration.

    Raises:
        FormatError: Something missing or not supported.

    Source: transformers' ``GPT2Config``.
    """
    fields.only("scale_attn_weights", (True,), True)
    fields.only("scale_attn_by_inverse_layer_idx", (False,), False)
    fields.only("add_cross_attention", (False,), False)
    width = size(fields, "n_embd")
    return GPTConfig(
        vocab_size=size(fields, "vocab_size"),
        context=size(fields, "n_positions"),
        layers=size(fields, "n_layer"),
        heads=size(fields, "n_head"),
        width=width,
        ffn_width=size(fields, "n_inner", 4 * width),
        dropout=dropout(fields, "resid_pdrop"),
        tied=fields.take("tie_word_embeddings", bool, True),
        norm_eps=number(fields, "layer_norm_epsilon", 1e-5),
        activation=activation(fields, "activation_function", "gelu_new"),
    )


def write_config(config: GPTConfig) -> dict[str, Any]:
    """Their configuration from ours.

    Args:
        config: Ours.

    Returns:
        What ``config.json`` says.

    Source: transformers' ``GPT2Config``.
    """
    return {
        "architectures": ["GPT2LMHeadModel"],
        "vocab_size": config.vocab_size,
        "n_positions": config.context,
        "n_layer": config.layers,
        "n_head": config.heads,
        "n_embd": config.width,
        "n_inner": config.ffn_width or 4 * config.width,
        "resid_pdrop": config.dropout,
        "embd_pdrop": config.dropout,
        "attn_pdrop": config.dropout,
        "tie_word_embeddings": config.tied,
        "layer_norm_epsilon": config.norm_eps,
        "activation_function": published_activation(config.activation),
    }


def weights(config: GPTConfig) -> list[Weight]:
    """The tensors of a GPT-2.

    Args:
        config: Its configuration.

    Returns:
        One entry a tensor of the file.

    Source: transformers' ``modeling_gpt2.py``.
    """
    listed = [
        Weight("transformer.wte.weight", ("token_embedding.weight",)),
        Weight("transformer.wpe.weight", ("position_embedding.weight",)),
        *(Weight(f"transformer.ln_f.{kind}", (f"norm.{kind}",)) for kind in ("weight", "bias")),
    ]
    if not config.tied:
        listed.append(Weight("lm_head.weight", ("output.weight",)))
    for layer in range(config.layers):
        theirs, ours = f"transformer.h.{layer}", f"blocks.{layer}"
        for kind in ("weight", "bias"):
            matrix = kind == "weight"
            parts = tuple(f"{ours}.attention.{part}.{kind}" for part in ("query", "key", "value"))
            listed += [
                Weight(f"{theirs}.ln_1.{kind}", (f"{ours}.attention_norm.{kind}",)),
                Weight(f"{theirs}.attn.c_attn.{kind}", parts, transposed=matrix),
                Weight(f"{theirs}.attn.c_proj.{kind}", (f"{ours}.attention.output.{kind}",), transposed=matrix),
                Weight(f"{theirs}.ln_2.{kind}", (f"{ours}.feedforward_norm.{kind}",)),
                Weight(f"{theirs}.mlp.c_fc.{kind}", (f"{ours}.feedforward.up.{kind}",), transposed=matrix),
                Weight(f"{theirs}.mlp.c_proj.{kind}", (f"{ours}.feedforward.down.{kind}",), transposed=matrix),
            ]
    return listed


GPT2 = Exchange(
    model_type="gpt2",
    model=GPT,
    architectures=("GPT2LMHeadModel", "GPT2Model"),
    prefix="transformer.",
    read_config=read_config,
    write_config=write_config,
    weights=weights,
    copies=lambda config: {"lm_head.weight": "transformer.wte.weight"} if config.tied else {},
    ignored=r"(transformer\.)?h\.\d+\.attn\.(bias|masked_bias)",
)
