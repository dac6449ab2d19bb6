# fails: test_mass_reaches_one
# idea: adds up the probabilities of beginnings

import math


Table = dict[tuple[str, ...], dict[str, float]]


def sentence_logprob(sentence: list[str], conditional: Table) -> float:
    total = 0.0
    for i, word in enumerate([*sentence, "</s>"]):
        p = conditional.get(tuple(sentence[:i]), {}).get(word, 0.0)
        total += math.log(p) if p > 0 else -math.inf
    return total


def mass(conditional: Table, longest: int) -> float:
    total, reached = 0.0, {(): 1.0}
    for _ in range(longest + 1):
        further = {}
        total += sum(reached.values())
        for history, p in reached.items():
            for word, q in conditional.get(history, {}).items():
                if word != "</s>":
                    further[*history, word] = p * q
        reached = further
    return total
