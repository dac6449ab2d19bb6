"""BERT, with whichever of its heads the file holds.

Source: transformers' ``modeling_bert.py``; Devlin et al. 2019.
"""

from collections.abc import Collection
from typing import Any

from minillm.models.bert import BERT, BERTConfig
from minillm.models.exchange.values import dropout, number, size
from minillm.models.exchange.weights import Exchange, Weight
from minillm.tokenizers.json_fields import Fields

# What each published class is sure to hold: pooler, head for masked tokens, head for next sentences.
HEADS = {
    "BertForPreTraining": (True, True, True),
    "BertForMaskedLM": (False, True, False),
    "BertForNextSentencePrediction": (True, False, True),
    "BertModel": (False, False, False),
}


def read_config(fields: Fields, names: Collection[str]) -> BERTConfig:
    """Our configuration from theirs; the heads are those that the class promises or the file holds.

    Args:
        fields: ``config.json``.
        names: Names of the tensors.

    Returns:
        The configuration.

    Raises:
        FormatError: Something missing or not supported.

    Source: transformers' ``BertConfig``.
    """
    fields.only("hidden_act", ("gelu",), "gelu")
    fields.only("position_embedding_type", ("absolute",), "absolute")
    fields.only("is_decoder", (False,), False)
    fields.only("add_cross_attention", (False,), False)
    fields.only("tie_word_embeddings", (True,), True)
    architectures = fields.left.get("architectures") or ["BertModel"]
    promised = HEADS[architectures[0]]
    found = [
        any(name.endswith(mark) for name in names)
        for mark in ("pooler.dense.weight", "cls.predictions.transform.dense.weight", "cls.seq_relationship.weight")
    ]
    pooler, masked, following = (one or other for one, other in zip(promised, found, strict=True))
    return BERTConfig(
        vocab_size=size(fields, "vocab_size"),
        context=size(fields, "max_position_embeddings"),
        layers=size(fields, "num_hidden_layers"),
        heads=size(fields, "num_attention_heads"),
        width=size(fields, "hidden_size"),
        ffn_width=size(fields, "intermediate_size"),
        segments=size(fields, "type_vocab_size", 2),
        dropout=dropout(fields, "hidden_dropout_prob"),
        norm_eps=number(fields, "layer_norm_eps", 1e-12),
        pooler=pooler,
        mlm_head=masked,
        nsp_head=following,
    )


def write_config(config: BERTConfig) -> dict[str, Any]:
    """Their configuration from ours, with the class that has the same heads.

    Args:
        config: Ours.

    Returns:
        What ``config.json`` says.

    Source: transformers' ``BertConfig``.
    """
    return {
        "architectures": [_architecture(config)],
        "vocab_size": config.vocab_size,
        "max_position_embeddings": config.context,
        "num_hidden_layers": config.layers,
        "num_attention_heads": config.heads,
        "hidden_size": config.width,
        "intermediate_size": config.ffn_width or 4 * config.width,
        "type_vocab_size": config.segments,
        "hidden_dropout_prob": config.dropout,
        "attention_probs_dropout_prob": config.dropout,
        "layer_norm_eps": config.norm_eps,
        "hidden_act": "gelu",
        "tie_word_embeddings": True,
    }


def _architecture(config: BERTConfig) -> str:
    if config.nsp_head:
        return "BertForPreTraining" if config.mlm_head else "BertForNextSentencePrediction"
    return "BertForMaskedLM" if config.mlm_head else "BertModel"


def weights(config: BERTConfig) -> list[Weight]:
    """The tensors of a BERT.

    Args:
        config: Its configuration.

    Returns:
        One entry a tensor of the file.

    Source: transformers' ``modeling_bert.py``.
    """
    bare = "" if _architecture(config) == "BertModel" else "bert."
    listed = [
        Weight(f"{bare}embeddings.{theirs}_embeddings.weight", (f"{ours}_embedding.weight",))
        for theirs, ours in (("word", "token"), ("position", "position"), ("token_type", "segment"))
    ]
    if config.mlm_head:
        listed.append(Weight("cls.predictions.bias", ("masked.bias",)))
    for kind in ("weight", "bias"):
        listed.append(Weight(f"{bare}embeddings.LayerNorm.{kind}", (f"embedding_norm.{kind}",)))
        if config.pooler:
            listed.append(Weight(f"{bare}pooler.dense.{kind}", (f"pooler.{kind}",)))
        if config.mlm_head:
            listed.append(Weight(f"cls.predictions.transform.dense.{kind}", (f"masked.dense.{kind}",)))
            listed.append(Weight(f"cls.predictions.transform.LayerNorm.{kind}", (f"masked.norm.{kind}",)))
        if config.nsp_head:
            listed.append(Weight(f"cls.seq_relationship.{kind}", (f"next.{kind}",)))
        for layer in range(config.layers):
            theirs, ours = f"{bare}encoder.layer.{layer}", f"blocks.{layer}"
            listed += [Weight(f"{theirs}.{name}.{kind}", (f"{ours}.{own}.{kind}",)) for name, own in _BLOCK]
    return listed


_BLOCK = (
    ("attention.self.query", "attention.query"),
    ("attention.self.key", "attention.key"),
    ("attention.self.value", "attention.value"),
    ("attention.output.dense", "attention.output"),
    ("attention.output.LayerNorm", "attention_norm"),
    ("intermediate.dense", "feedforward.up"),
    ("output.dense", "feedforward.down"),
    ("output.LayerNorm", "feedforward_norm"),
)


def _copies(config: BERTConfig) -> dict[str, str]:
    if not config.mlm_head:
        return {}
    return {
        "cls.predictions.decoder.weight": "bert.embeddings.word_embeddings.weight",
        "cls.predictions.decoder.bias": "cls.predictions.bias",
    }


BERT_EXCHANGE = Exchange(
    model_type="bert",
    model=BERT,
    architectures=tuple(HEADS),
    prefix="bert.",
    read_config=read_config,
    write_config=write_config,
    weights=weights,
    copies=_copies,
    ignored=r"(bert\.)?embeddings\.(position_ids|token_type_ids)",
    renamed=(("LayerNorm.gamma", "LayerNorm.weight"), ("LayerNorm.beta", "LayerNorm.bias")),
)
