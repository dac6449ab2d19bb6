"""Parameters, operations and bytes of a model, worked out from its configuration without building it.

Source: book sections 2.4.1 (table 2.1) and 2.4.2; Chowdhery et al. 2022, appendix B (operations); Rajbhandari et al.
2020 (bytes of training).
"""

from minillm.errors import InvalidInput
from minillm.models.bert import BERTConfig
from minillm.models.plan import Config, plan

TRAINING_BYTES = {
    "float32": {"weights": 4, "gradients": 4, "optimizer": 8},
    "mixed": {"weights": 2, "gradients": 2, "optimizer": 12},
}
"""Bytes a parameter takes in training with AdamW: two moments, and in mixed precision a float32 copy of the weights."""


def count_parameters(config: Config) -> dict[str, int]:
    """Parameters by part; their sum is the model's size.

    Args:
        config: Of any of the Transformers.

    Returns:
        Parameters of the embeddings, the attention layers (cross-attention included), the feed-forward layers, the
        norms, and the heads (a tied output layer counts as embedding).

    Example:
        >>> from minillm.models import LlamaConfig
        >>> sum(count_parameters(LlamaConfig.llama_7b()).values())
        6738415616

    Source: book table 2.1; ``N = 2 |V| d + L (4 d^2 + 3 d d_ff + 2 d) + d`` for LLaMA.
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
        >>> from minillm.models import GPTConfig
        >>> sum(count_flops(GPTConfig.gpt2(), 1024).values())
        284812800

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
        >>> from minillm.models import GPTConfig
        >>> training_flops_per_token(GPTConfig.gpt2(), 1024)
        854438400

    Source: Kaplan et al. 2020, section 2.1.
    """
    return 3 * sum(count_flops(config, context).values())


def training_memory(config: Config, precision: str = "float32") -> dict[str, int]:
    """Bytes that training with AdamW holds from step to step, by part; activations come on top.

    Args:
        config: Of any of the Transformers.
        precision: ``float32`` (autocast included: it keeps float32 weights), or ``mixed``, with half-precision weights
            and gradients and a float32 copy in the optimizer.

    Returns:
        Bytes of weights, gradients and optimizer; 16 a parameter either way.

    Raises:
        InvalidInput: The precision is unknown.

    Example:
        >>> from minillm.models import GPTConfig
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
        >>> from minillm.models import LlamaConfig
        >>> cache_bytes(LlamaConfig.llama_7b()), cache_bytes(LlamaConfig.llama2_70b()) / 2**20
        (524288, 0.3125)

    Source: book section 2.4.2.
    """
    if isinstance(config, BERTConfig):
        raise InvalidInput("BERT reads a text at once and keeps no cache; give a model that decodes.")
    sizes = plan(config)
    decoding = 2 * sizes.cross_layers or sizes.layers
    return 2 * decoding * sizes.block.kv_width * positions * batch * number_bytes
