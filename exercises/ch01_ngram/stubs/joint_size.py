# How large is the table? (5 points, difficulty 1 of 5, about 10 minutes)
# The statement: https://minillm-book.github.io/minillm/chapters/01_ngram/exercises.html#how-large-is-the-table
# To check it: minillm exercises check ch01.joint_size

"""How large is the table?"""


def joint_size(vocabulary: int, length: int) -> int:
    """Number of different strings of exactly `length` words, as an exact integer."""
    raise NotImplementedError("count the strings")


def log10_size(vocabulary: int, length: int) -> float:
    """Logarithm to base 10 of that number, however large it is."""
    raise NotImplementedError("take the logarithm")


def ngram_parameters(vocabulary: int, order: int) -> int:
    """Number of free parameters of an n-gram model."""
    raise NotImplementedError("count the free parameters")
