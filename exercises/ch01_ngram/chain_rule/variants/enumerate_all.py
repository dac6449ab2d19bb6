# idea: lists every string over the words of the table

from itertools import product
from math import exp, inf, log


def sentence_logprob(sentence, conditional):
    history, logs = (), []
    for word in sentence + ["</s>"]:
        p = conditional.get(history, {}).get(word, 0)
        if p == 0:
            return -inf
        logs.append(log(p))
        history += (word,)
    return sum(logs)


def mass(conditional, longest):
    words = {word for row in conditional.values() for word in row} - {"</s>"}
    every = (list(s) for length in range(longest + 1) for s in product(words, repeat=length))
    return float(sum(exp(sentence_logprob(s, conditional)) for s in every))
