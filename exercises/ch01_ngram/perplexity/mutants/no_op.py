# fails: test_uniform
# idea: always answers 1

def perplexity(logprobs):
    return 1.0


def evaluate(sentences, model):
    return 1.0, 1.0, 0


def per_character(value, tokens, characters):
    return value
