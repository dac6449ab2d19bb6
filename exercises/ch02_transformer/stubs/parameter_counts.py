# Counting parameters, to the last one (9 points, difficulty 2 of 5, about 25 minutes)
# The statement: https://minillm-book.github.io/minillm/chapters/02_transformer/exercises.html#counting-parameters-to-the-last-one
# To check it: minillm exercises check ch02.parameter_counts

"""How many numbers a model has, exactly."""


def transformer_parameters(
    source_vocab: int, target_vocab: int, width: int, ffn_width: int, layers: int
) -> int:
    """The encoder-decoder of section 2.2, norms in front."""
    raise NotImplementedError("encoder, decoder, two tables, output layer")


def bert_parameters(
    vocab: int, positions: int, width: int, ffn_width: int, layers: int
) -> int:
    """BERT's encoder with its pooler."""
    raise NotImplementedError("three tables, a norm, layers, pooler")


def gpt_parameters(
    vocab: int, positions: int, width: int, layers: int, final_norm: bool
) -> int:
    """GPT with tied output."""
    raise NotImplementedError("two tables, layers, perhaps a norm")


def llama_parameters(
    vocab: int, width: int, ffn_width: int, layers: int, heads: int, kv_heads: int
) -> int:
    """LLaMA, with an output matrix of its own."""
    raise NotImplementedError("no biases, a gate, one number a dimension in a norm")
