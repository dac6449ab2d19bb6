# idea: one closed formula a model

def transformer_parameters(source_vocab, target_vocab, width, ffn_width, layers):
    d, f = width, ffn_width
    encoder = 4 * d * d + 9 * d + 2 * d * f + f
    decoder = 8 * d * d + 15 * d + 2 * d * f + f
    return d * (source_vocab + 2 * target_vocab + 4) + target_vocab + layers * (encoder + decoder)


def bert_parameters(vocab, positions, width, ffn_width, layers):
    d, f = width, ffn_width
    return d * (vocab + positions + 5 + d) + layers * (4 * d * d + 9 * d + 2 * d * f + f)


def gpt_parameters(vocab, positions, width, layers, final_norm):
    return width * (vocab + positions + layers * (12 * width + 13) + (2 if final_norm else 0))


def llama_parameters(vocab, width, ffn_width, layers, heads, kv_heads):
    shared = 2 * width + 2 * (width // heads) * kv_heads + 3 * ffn_width + 2
    return width * (2 * vocab + layers * shared + 1)
