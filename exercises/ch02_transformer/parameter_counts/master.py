"""How many numbers a model has, exactly."""

# solution:


def _attention(width: int, kv_width: int) -> int:
    """Four matrices with biases."""
    return 2 * (width * width + width) + 2 * (width * kv_width + kv_width)


def _layer(width: int, ffn_width: int, attentions: int = 1) -> int:
    """Attention, feed-forward layer and norms, all with biases."""
    feedforward = 2 * width * ffn_width + ffn_width + width
    norms = (attentions + 1) * 2 * width
    return attentions * _attention(width, width) + feedforward + norms


# end


def transformer_parameters(
    source_vocab: int, target_vocab: int, width: int, ffn_width: int, layers: int
) -> int:
    """The encoder-decoder of section 2.2, norms in front."""
    # solution:
    encoder = layers * _layer(width, ffn_width) + 2 * width
    decoder = layers * _layer(width, ffn_width, attentions=2) + 2 * width
    output = width * target_vocab + target_vocab
    return (source_vocab + target_vocab) * width + encoder + decoder + output
    # stub:
    raise NotImplementedError("encoder, decoder, two tables, output layer")
    # end


def bert_parameters(
    vocab: int, positions: int, width: int, ffn_width: int, layers: int
) -> int:
    """BERT's encoder with its pooler."""
    # solution:
    embeddings = (vocab + positions + 2) * width + 2 * width
    pooler = width * width + width
    return embeddings + layers * _layer(width, ffn_width) + pooler
    # stub:
    raise NotImplementedError("three tables, a norm, layers, pooler")
    # end


def gpt_parameters(
    vocab: int, positions: int, width: int, layers: int, final_norm: bool
) -> int:
    """GPT with tied output."""
    # solution:
    tables = (vocab + positions) * width
    return tables + layers * _layer(width, 4 * width) + final_norm * 2 * width
    # stub:
    raise NotImplementedError("two tables, layers, perhaps a norm")
    # end


def llama_parameters(
    vocab: int, width: int, ffn_width: int, layers: int, heads: int, kv_heads: int
) -> int:
    """LLaMA, with an output matrix of its own."""
    # solution:
    kv_width = width // heads * kv_heads
    attention = 2 * width * width + 2 * width * kv_width
    layer = attention + 3 * width * ffn_width + 2 * width
    return 2 * vocab * width + layers * layer + width
    # stub:
    raise NotImplementedError("no biases, a gate, one number a dimension in a norm")
    # end
