"""What a training costs: operations, days, utilization, and the sizes behind them."""

# solution:
PFLOP_DAY = 1e15 * 86_400

# end


def dense_flops(parameters: float, tokens: float) -> float:
    """Operations of a training by the rule 6 N D."""
    # solution:
    return 6.0 * parameters * tokens
    # stub:
    raise NotImplementedError("six for each parameter and token")
    # end


def attention_flops(layers: int, width: int, context: int, tokens: float) -> float:
    """Operations of the scores and the mixing, which 6 N D leaves out."""
    # solution:
    # A token's scores cost 2 context width, the mixing as much; backward twice that.
    return 3.0 * 4 * layers * context * width * tokens
    # stub:
    raise NotImplementedError("scores and mixing, forward and backward")
    # end


def petaflop_days(flops: float) -> float:
    """Operations in PFLOP/s-days."""
    # solution:
    return flops / PFLOP_DAY
    # stub:
    raise NotImplementedError("10^15 operations a second, for a day")
    # end


def cluster_days(
    flops: float, devices: int, peak_flops: float, utilization: float
) -> float:
    """Days that devices take which reach a share of their peak."""
    # solution:
    if not 0 < utilization <= 1:
        raise ValueError(f"utilization is {utilization}, not above 0 and at most 1")
    return flops / (devices * peak_flops * utilization) / 86_400
    # stub:
    raise NotImplementedError("operations by speed")
    # end


def flops_utilization(
    flops: float, devices: int, peak_flops: float, days: float
) -> float:
    """The share of the peak that a training reached."""
    # solution:
    return flops / (devices * peak_flops * days * 86_400)
    # stub:
    raise NotImplementedError("what was done, by what could have been done")
    # end


def llama_plan(
    layers: int, width: int, tokens: int, batch_tokens: int, vocab: int = 32_000
) -> dict[str, int]:
    """Sizes of a LLaMA and of its training, as exact integers."""
    # solution:
    inner = -(8 * width // 3 // -256) * 256
    layer = 4 * width * width + 3 * width * inner + 2 * width
    parameters = 2 * vocab * width + layers * layer + width
    return {
        "ffn_width": inner,
        "parameters": parameters,
        "flops": 6 * parameters * tokens,
        "steps": -(tokens // -batch_tokens),
    }
    # stub:
    raise NotImplementedError("inner width, parameters, operations, steps")
    # end
