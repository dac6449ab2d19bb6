# fails: test_llama_table
# idea: 12 L d^2

PFLOP_DAY = 1e15 * 86_400



def dense_flops(parameters: float, tokens: float) -> float:
    return 6.0 * parameters * tokens


def attention_flops(layers: int, width: int, context: int, tokens: float) -> float:
    # A token's scores cost 2 context width, the mixing as much; backward twice that.
    return 3.0 * 4 * layers * context * width * tokens


def petaflop_days(flops: float) -> float:
    return flops / PFLOP_DAY


def cluster_days(
    flops: float, devices: int, peak_flops: float, utilization: float
) -> float:
    if not 0 < utilization <= 1:
        raise ValueError(f"utilization is {utilization}, not above 0 and at most 1")
    return flops / (devices * peak_flops * utilization) / 86_400


def flops_utilization(
    flops: float, devices: int, peak_flops: float, days: float
) -> float:
    return flops / (devices * peak_flops * days * 86_400)


def llama_plan(
    layers: int, width: int, tokens: int, batch_tokens: int, vocab: int = 32_000
) -> dict[str, int]:
    inner = -(8 * width // 3 // -256) * 256
    layer = 4 * width * width + 3 * width * inner + 2 * width
    parameters = 12 * layers * width**2
    return {
        "ffn_width": inner,
        "parameters": parameters,
        "flops": 6 * parameters * tokens,
        "steps": -(tokens // -batch_tokens),
    }
