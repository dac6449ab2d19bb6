# What a training costs (12 points, difficulty 2 of 5, about 30 minutes)
# The statement: https://minillm-book.github.io/minillm/chapters/04_llama/exercises.html#what-a-training-costs
# To check it: minillm exercises check ch04.compute_calculators

"""What a training costs: operations, days, utilization, and the sizes behind them."""


def dense_flops(parameters: float, tokens: float) -> float:
    """Operations of a training by the rule 6 N D."""
    raise NotImplementedError("six for each parameter and token")


def attention_flops(layers: int, width: int, context: int, tokens: float) -> float:
    """Operations of the scores and the mixing, which 6 N D leaves out."""
    raise NotImplementedError("scores and mixing, forward and backward")


def petaflop_days(flops: float) -> float:
    """Operations in PFLOP/s-days."""
    raise NotImplementedError("10^15 operations a second, for a day")


def cluster_days(
    flops: float, devices: int, peak_flops: float, utilization: float
) -> float:
    """Days that devices take which reach a share of their peak."""
    raise NotImplementedError("operations by speed")


def flops_utilization(
    flops: float, devices: int, peak_flops: float, days: float
) -> float:
    """The share of the peak that a training reached."""
    raise NotImplementedError("what was done, by what could have been done")


def llama_plan(
    layers: int, width: int, tokens: int, batch_tokens: int, vocab: int = 32_000
) -> dict[str, int]:
    """Sizes of a LLaMA and of its training, as exact integers."""
    raise NotImplementedError("inner width, parameters, operations, steps")
