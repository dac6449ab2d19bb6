# fails: test_llama
# idea: 0 of everything

def transformer_parameters(source_vocab, target_vocab, width, ffn_width, layers):
    return 0


def bert_parameters(vocab, positions, width, ffn_width, layers):
    return 0


def gpt_parameters(vocab, positions, width, layers, final_norm):
    return 0


def llama_parameters(vocab, width, ffn_width, layers, heads, kv_heads):
    return 0
