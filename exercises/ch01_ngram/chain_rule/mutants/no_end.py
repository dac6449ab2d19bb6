# fails: test_two_words_by_hand
# idea: leaves out the end mark

import math


Table = dict[tuple[str, ...], dict[str, float]]


def sentence_logprob(sentence: list[str], conditional: Table) -> float:
    total = 0.0
    for i, word in enumerate(sentence):
        p = conditional.get(tuple(sentence[:i]), {}).get(word, 0.0)
        total += math.log(p) if p > 0 else -math.inf
    return total


def mass(conditional: Table, longest: int) -> float:
    total, reached = 0.0, {(): 1.0}
    for _ in range(longest + 1):
        further = {}
        for history, p in reached.items():
            for word, q in conditional.get(history, {}).items():
                if word == "</s>":
                    total += p * q
                else:
                    further[*history, word] = p * q
        reached = further
    return total
