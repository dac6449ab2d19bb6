# idea: recursion over histories, logarithms by numpy

import numpy as np


def sentence_logprob(sentence, conditional):
    def p(i):
        word = sentence[i] if i < len(sentence) else "</s>"
        return conditional.get(tuple(sentence[:i]), {}).get(word, 0.0)

    with np.errstate(divide="ignore"):
        return float(np.log([p(i) for i in range(len(sentence) + 1)]).sum())


def mass(conditional, longest, history=()):
    row = conditional.get(history, {})
    total = row.get("</s>", 0.0)
    if longest > 0:
        total += sum(q * mass(conditional, longest - 1, (*history, w)) for w, q in row.items() if w != "</s>")
    return total
