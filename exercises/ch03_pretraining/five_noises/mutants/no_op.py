# fails: test_masking
# idea: leaves the text as it is

def token_masking(tokens, rate, seed):
    return list(tokens)


def token_deletion(tokens, rate, seed):
    return list(tokens)


def text_infilling(tokens, rate, mean_span, seed):
    return list(tokens)


def sentence_permutation(tokens, seed):
    return list(tokens)


def document_rotation(tokens, seed):
    return list(tokens)


def spoil(tokens, plan, seed):
    return list(tokens)
