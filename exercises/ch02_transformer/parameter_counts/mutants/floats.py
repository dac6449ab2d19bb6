# fails: test_beyond_floats
# idea: through a float

def _attention(width: int, kv_width: int) -> int:
    return 2 * (width * width + width) + 2 * (width * kv_width + kv_width)


def _layer(width: int, ffn_width: int, attentions: int = 1) -> int:
    feedforward = 2 * width * ffn_width + ffn_width + width
    norms = (attentions + 1) * 2 * width
    return attentions * _attention(width, width) + feedforward + norms


def transformer_parameters(
    source_vocab: int, target_vocab: int, width: int, ffn_width: int, layers: int
) -> int:
    encoder = layers * _layer(width, ffn_width) + 2 * width
    decoder = layers * _layer(width, ffn_width, attentions=2) + 2 * width
    output = width * target_vocab + target_vocab
    return round(1e0 * (source_vocab + target_vocab) * width + encoder + decoder + output)


def bert_parameters(
    vocab: int, positions: int, width: int, ffn_width: int, layers: int
) -> int:
    embeddings = (vocab + positions + 2) * width + 2 * width
    pooler = width * width + width
    return embeddings + layers * _layer(width, ffn_width) + pooler


def gpt_parameters(
    vocab: int, positions: int, width: int, layers: int, final_norm: bool
) -> int:
    tables = (vocab + positions) * width
    return int(1.0 * tables) + layers * _layer(width, 4 * width) + final_norm * 2 * width


def llama_parameters(
    vocab: int, width: int, ffn_width: int, layers: int, heads: int, kv_heads: int
) -> int:
    kv_width = int(width / heads * kv_heads)
    attention = 2 * width * width + 2 * width * kv_width
    layer = attention + 3 * width * ffn_width + 2 * width
    return int(2.0 * vocab * width + layers * layer + width)
