"""The chain rule, with the end of the sentence."""

# solution:
import math

# end

Table = dict[tuple[str, ...], dict[str, float]]


def sentence_logprob(sentence: list[str], conditional: Table) -> float:
    """Natural log-probability of a sentence with its end; -inf if it is impossible."""
    # solution:
    total = 0.0
    for i, word in enumerate([*sentence, "</s>"]):
        p = conditional.get(tuple(sentence[:i]), {}).get(word, 0.0)
        total += math.log(p) if p > 0 else -math.inf
    return total
    # stub:
    raise NotImplementedError("add up the logarithms of the factors")
    # end


def mass(conditional: Table, longest: int) -> float:
    """Sum of the probabilities of all sentences of at most `longest` words."""
    # solution:
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
    # stub:
    raise NotImplementedError("add up the sentences")
    # end
