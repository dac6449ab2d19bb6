"""How far numbers lie from their middle."""


class Center:
    """The mean of some numbers."""

    def __init__(self, numbers: list[float]) -> None:
        # solution:
        self.value = sum(numbers) / len(numbers)
        # stub:
        raise NotImplementedError("take the mean")
        # end


def spread(numbers: list[float]) -> float:
    """The largest distance from the mean."""
    # solution:
    return max(abs(number - Center(numbers).value) for number in numbers)
    # stub:
    raise NotImplementedError("take the largest distance")
    # end
