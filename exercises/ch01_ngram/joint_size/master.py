"""How large is the table?"""

# solution:
import math

# end


def joint_size(vocabulary: int, length: int) -> int:
    """Number of different strings of exactly `length` words, as an exact integer."""
    # solution:
    return vocabulary**length
    # stub:
    raise NotImplementedError("count the strings")
    # end


def log10_size(vocabulary: int, length: int) -> float:
    """Logarithm to base 10 of that number, however large it is."""
    # solution:
    return length * math.log10(vocabulary)
    # stub:
    raise NotImplementedError("take the logarithm")
    # end


def ngram_parameters(vocabulary: int, order: int) -> int:
    """Number of free parameters of an n-gram model."""
    # solution:
    return vocabulary ** (order - 1) * (vocabulary - 1)
    # stub:
    raise NotImplementedError("count the free parameters")
    # end
