# idea: exact fractions, turned into floats at the end

from fractions import Fraction as Q


def dense_flops(parameters, tokens):
    return float(6 * Q(parameters) * Q(tokens))


def attention_flops(layers, width, context, tokens):
    return float(12 * layers * Q(width) * context * Q(tokens))


def petaflop_days(flops):
    return float(Q(flops) / (Q(10) ** 15 * 86_400))


def cluster_days(flops, devices, peak_flops, utilization):
    if not (utilization > 0) or utilization > 1:
        raise ValueError(utilization)
    speed = devices * Q(peak_flops) * Q(utilization)
    return float(Q(flops) / speed / 86_400)


def flops_utilization(flops, devices, peak_flops, days):
    return float(Q(flops) / (Q(days) * 86_400 * devices * Q(peak_flops)))


def llama_plan(layers, width, tokens, batch_tokens, vocab=32_000):
    inner = (8 * width // 3 + 255) // 256 * 256
    count = (2 * vocab + 1) * width
    count += layers * width * (4 * width + 3 * inner + 2)
    return {
        "ffn_width": inner,
        "parameters": count,
        "flops": 6 * count * tokens,
        "steps": (tokens + batch_tokens - 1) // batch_tokens,
    }
