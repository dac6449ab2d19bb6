"""Parameters, operations and bytes of a model, worked out from its configuration without building it.

Source: book sections 2.4.1 (table 2.1) and 2.4.2; Chowdhery et al. 2022, appendix B (operations); Rajbhandari et al.
2020 (bytes of training).
"""

from dataclasses import dataclass

from minillm.errors import InvalidInput
from minillm.models.bart import POSITION_OFFSET, BARTConfig
from minillm.models.bert import BERTConfig
from minillm.models.gpt import GPTConfig
from minillm.models.llama_config import LlamaConfig
from minillm.models.transformer_config import TransformerConfig

Config = GPTConfig | LlamaConfig | BERTConfig | BARTConfig | TransformerConfig

TRAINING_BYTES = {
    "float32": {"weights": 4, "gradients": 4, "optimizer": 8},
    "mixed": {"weights": 2, "gradients": 2, "optimizer": 12},
}
"""Bytes a parameter takes in training with AdamW: two moments, and in mixed precision a float32 copy of the weights."""


@dataclass(frozen=True)
class Layer:
    """What the counts need to know of a block.

    Attributes:
        width: Model width.
        query_width: Width of all queries together.
        kv_width: Width of all keys together, and of all values.
        ffn_width: Feed-forward width.
        matrices: Of the feed-forward layer: 2, or 3 with a gate.
        qkv_bias: Queries, keys and values have biases.
        bias: All other linear layers have biases.
        norm: Parameters of one norm.
        norms: Norms of the width; two in a block, three with cross-attention, one in a parallel block.
        qk_norm: Parameters of the norms of queries and keys.
    """

    width: int
    query_width: int
    kv_width: int
    ffn_width: int
    matrices: int = 2
    qkv_bias: bool = True
    bias: bool = True
    norm: int = 0
    norms: int = 2
    qk_norm: int = 0

    @property
    def projections(self) -> int:
        """Weights of one attention layer's four matrices."""
        return 2 * self.width * (self.query_width + self.kv_width)

    @property
    def attention(self) -> int:
        """Parameters of one attention layer."""
        biases = self.qkv_bias * (self.query_width + 2 * self.kv_width) + self.bias * self.width
        return self.projections + biases + self.qk_norm

    @property
    def feedforward_weights(self) -> int:
        """Weights of the feed-forward layer's matrices."""
        return self.matrices * self.width * self.ffn_width

    @property
    def feedforward(self) -> int:
        """Parameters of the feed-forward layer."""
        return self.feedforward_weights + self.bias * ((self.matrices - 1) * self.ffn_width + self.width)


@dataclass(frozen=True)
class Plan:
    """What the counts need to know of a model.

    Attributes:
        block: A block of it.
        layers: Blocks without cross-attention.
        cross_layers: Blocks with cross-attention.
        embeddings: Parameters of all embedding tables.
        other_norms: Parameters of norms outside the blocks.
        heads: Parameters of what comes after the blocks.
        output: Weights that a token's last hidden state is multiplied by, tied ones included.
    """

    block: Layer
    layers: int
    cross_layers: int
    embeddings: int
    other_norms: int
    heads: int
    output: int


def plan(config: Config) -> Plan:
    """Read a configuration.

    Args:
        config: Of any of the Transformers.

    Returns:
        What the counts need to know.

    Raises:
        InvalidInput: It is no such configuration.

    Example:
        >>> plan(GPTConfig.gpt2()).layers
        12

    Source: this project.
    """
    if isinstance(config, GPTConfig):
        return _gpt(config)
    if isinstance(config, LlamaConfig):
        return _llama(config)
    if isinstance(config, BERTConfig):
        return _bert(config)
    if isinstance(config, BARTConfig):
        return _bart(config)
    if isinstance(config, TransformerConfig):
        return _transformer(config)
    raise InvalidInput(f"{type(config).__name__} is no configuration of a Transformer; give GPTConfig, LlamaConfig ...")


def _plain(config: GPTConfig | BERTConfig | BARTConfig | TransformerConfig) -> Layer:
    d = config.width
    return Layer(width=d, query_width=d, kv_width=d, ffn_width=config.ffn_width or 4 * d, norm=2 * d)


def _gpt(config: GPTConfig) -> Plan:
    vocabulary = config.vocab_size * config.width
    return Plan(
        block=_plain(config),
        layers=config.layers,
        cross_layers=0,
        embeddings=vocabulary + config.context * config.width,
        other_norms=2 * config.width if config.norm == "pre" else 0,
        heads=0 if config.tied else vocabulary,
        output=vocabulary,
    )


def _llama(config: LlamaConfig) -> Plan:
    vocabulary = config.vocab_size * config.width
    block = Layer(
        width=config.width,
        query_width=config.heads * config.head_size,
        kv_width=config.kv_size * config.head_size,
        ffn_width=config.ffn_size,
        matrices=3 if config.gated else 2,
        qkv_bias=config.qkv_bias,
        bias=False,
        norm=config.width,
        norms=1 if config.parallel else 2,
        qk_norm=2 * config.head_size if config.qk_norm else 0,
    )
    return Plan(
        block=block,
        layers=config.layers,
        cross_layers=0,
        embeddings=vocabulary + (config.context * config.width if config.positions == "learned" else 0),
        other_norms=config.width,
        heads=0 if config.tied else vocabulary,
        output=vocabulary,
    )


def _bert(config: BERTConfig) -> Plan:
    d = config.width
    square = d * d + d
    masked = square + 2 * d + config.vocab_size if config.mlm_head else 0
    return Plan(
        block=_plain(config),
        layers=config.layers,
        cross_layers=0,
        embeddings=(config.vocab_size + config.context + config.segments) * d,
        other_norms=2 * d,
        heads=config.pooler * square + masked + config.nsp_head * (2 * d + 2),
        output=config.vocab_size * d + d * d if config.mlm_head else 0,
    )


def _bart(config: BARTConfig) -> Plan:
    d = config.width
    return Plan(
        block=_plain(config),
        layers=config.encoder_layers,
        cross_layers=config.decoder_layers,
        embeddings=(config.vocab_size + 2 * (config.context + POSITION_OFFSET)) * d,
        other_norms=4 * d,
        heads=0,
        output=config.vocab_size * d,
    )


def _transformer(config: TransformerConfig) -> Plan:
    d = config.width
    output = config.target_vocab * d
    return Plan(
        block=_plain(config),
        layers=config.encoder_layers,
        cross_layers=config.decoder_layers,
        embeddings=output + (0 if config.shared else config.source_vocab * d),
        other_norms=4 * d if config.norm == "pre" else 0,
        heads=0 if config.tied else output + config.target_vocab,
        output=output,
    )


def count_parameters(config: Config) -> dict[str, int]:
    """Parameters by part; their sum is the model's size.

    Args:
        config: Of any of the Transformers.

    Returns:
        Parameters of the embeddings, the attention layers (cross-attention included), the feed-forward layers, the
        norms, and the heads (a tied output layer counts as embedding).

    Example:
        >>> sum(count_parameters(LlamaConfig.llama_7b()).values())
        6738415616

    Source: book table 2.1; N = 2 |V| d + L (4 d^2 + 3 d d_ff + 2 d) + d for LLaMA.
    """
    sizes = plan(config)
    block, layers, crossed = sizes.block, sizes.layers, sizes.cross_layers
    norms = block.norm * (layers * block.norms + crossed * (block.norms + 1)) + sizes.other_norms
    return {
        "embeddings": sizes.embeddings,
        "attention": block.attention * (layers + 2 * crossed),
        "feed-forward": block.feedforward * (layers + crossed),
        "norms": norms,
        "heads": sizes.heads,
    }


def count_flops(config: Config, context: int) -> dict[str, int]:
    """Operations of the forward pass for one token, by part; the backward pass takes twice as many.

    Matrix products only, two operations a weight. Attention scores are counted over the whole context, as is the
    custom in model FLOPs utilisation, though a causal kernel may skip half. Of an encoder-decoder: for one source
    token and one target token together, both texts being ``context`` long.

    Args:
        config: Of any of the Transformers.
        context: Tokens of the text.

    Returns:
        FLOPs of the projections around attention, of attention's two products (scores and mix), of the feed-forward
        layers and of the output layer.

    Raises:
        InvalidInput: The context is below 1.

    Example:
        >>> sum(count_flops(GPTConfig.gpt2(), 1024).values())
        284805120

    Source: Chowdhery et al. 2022, appendix B: 6 N + 12 L h d_k T a token for both passes.
    """
    if context < 1:
        raise InvalidInput(f"context is {context}; give the number of tokens of a text, 1 or more.")
    sizes = plan(config)
    attentions = sizes.layers + 2 * sizes.cross_layers
    return {
        "projections": 2 * sizes.block.projections * attentions,
        "attention": 4 * sizes.block.query_width * context * attentions,
        "feed-forward": 2 * sizes.block.feedforward_weights * (sizes.layers + sizes.cross_layers),
        "output": 2 * sizes.output,
    }


def training_flops_per_token(config: Config, context: int) -> int:
    """Operations of one training step for one token, forward and backward.

    Args:
        config: Of any of the Transformers.
        context: Tokens of a training text.

    Returns:
        Three times the forward pass: the backward pass has two products for each of the forward's.

    Example:
        >>> training_flops_per_token(GPTConfig.gpt2(), 1024)
        854415360

    Source: Kaplan et al. 2020, section 2.1.
    """
    return 3 * sum(count_flops(config, context).values())


def training_memory(config: Config, precision: str = "float32") -> dict[str, int]:
    """Bytes that training with AdamW holds from step to step, by part; activations come on top.

    Args:
        config: Of any of the Transformers.
        precision: ``float32`` (autocast included: it keeps float32 weights), or ``mixed``, with half-precision weights
            and gradients and a float32 copy in the optimiser.

    Returns:
        Bytes of weights, gradients and optimiser; 16 a parameter either way.

    Raises:
        InvalidInput: The precision is unknown.

    Example:
        >>> training_memory(GPTConfig.gpt2(), "mixed")["optimizer"]
        1493277696

    Source: Rajbhandari et al. 2020 (ZeRO), section 3.1.
    """
    if precision not in TRAINING_BYTES:
        raise InvalidInput(f"precision is {precision!r}; give one of {', '.join(TRAINING_BYTES)}.")
    parameters = sum(count_parameters(config).values())
    return {part: size * parameters for part, size in TRAINING_BYTES[precision].items()}


def cache_bytes(config: Config, positions: int = 1, batch: int = 1, number_bytes: int = 2) -> int:
    """Bytes of the key/value cache.

    Args:
        config: Of a model that decodes. Of an encoder-decoder, what cross-attention keeps of an equally long source
            is included.
        positions: Tokens kept.
        batch: Rows.
        number_bytes: Bytes of a number: 2 for half precision, 4 for float32.

    Returns:
        Bytes: 2 L g d_k numbers a position.

    Raises:
        InvalidInput: BERT has no cache.

    Example:
        >>> cache_bytes(LlamaConfig.llama_7b()), cache_bytes(LlamaConfig.llama2_70b()) / 2**20
        (524288, 0.3125)

    Source: book section 2.4.2.
    """
    if isinstance(config, BERTConfig):
        raise InvalidInput("BERT reads a text at once and keeps no cache; give a model that decodes.")
    sizes = plan(config)
    decoding = 2 * sizes.cross_layers or sizes.layers
    return 2 * decoding * sizes.block.kv_width * positions * batch * number_bytes
