# The chain rule, with the end of the sentence (7 points, difficulty 2 of 5, about 20 minutes)
# The statement: https://minillm-book.github.io/minillm/chapters/01_ngram/exercises.html#the-chain-rule-with-the-end-of-the-sentence
# To check it: minillm exercises check ch01.chain_rule

"""The chain rule, with the end of the sentence."""


Table = dict[tuple[str, ...], dict[str, float]]


def sentence_logprob(sentence: list[str], conditional: Table) -> float:
    """Natural log-probability of a sentence with its end; -inf if it is impossible."""
    raise NotImplementedError("add up the logarithms of the factors")


def mass(conditional: Table, longest: int) -> float:
    """Sum of the probabilities of all sentences of at most `longest` words."""
    raise NotImplementedError("add up the sentences")
