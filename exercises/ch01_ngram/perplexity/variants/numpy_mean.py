# idea: numpy, and base 2 throughout

import numpy as np


def perplexity(logprobs):
    if len(logprobs) == 0:
        raise ValueError("no tokens, no perplexity")
    return float(2.0 ** (-np.mean(np.array(logprobs) / np.log(2))))


def evaluate(sentences, model):
    every, known, oov = [], [], 0
    for sentence in sentences:
        for word in sentence + ["</s>"]:
            p = model.get(word, model["<unk>"])
            every.append(np.log(p))
            if word in model:
                known.append(np.log(p))
            else:
                oov += 1
    return perplexity(every), perplexity(known), oov


def per_character(value, tokens, characters):
    return float(np.exp(np.log(value) * tokens / characters))
