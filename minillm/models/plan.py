"""What the counts of parameters, operations and bytes need to know of a model, read from its configuration.

Source: this project.
"""

from dataclasses import dataclass

from minillm.errors import InvalidInput
from minillm.models.bart import POSITION_OFFSET, BARTConfig
from minillm.models.bert import BERTConfig
from minillm.models.gpt import GPTConfig
from minillm.models.llama_config import LlamaConfig
from minillm.models.transformer_config import TransformerConfig

Config = GPTConfig | LlamaConfig | BERTConfig | BARTConfig | TransformerConfig


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
