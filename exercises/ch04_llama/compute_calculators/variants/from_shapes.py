# idea: from the shapes of the matrices; a day as one constant

from math import prod

DAY = 24 * 3600


def matmul(a, b, c):
    return 2 * a * b * c


def dense_flops(parameters, tokens):
    forward = 2 * parameters
    backward = 2 * forward
    return float(tokens * (forward + backward))


def attention_flops(layers, width, context, tokens):
    text = matmul(context, width, context) + matmul(context, context, width)
    return 3 * layers * text * (tokens / context)


def petaflop_days(flops):
    return flops / 10**15 / DAY


def cluster_days(flops, devices, peak_flops, utilization):
    if utilization > 0 and utilization <= 1:
        return flops / devices / peak_flops / utilization / DAY
    raise ValueError("utilization is a share of the peak")


def flops_utilization(flops, devices, peak_flops, days):
    return cluster_days(flops, devices, peak_flops, 1) / days


def llama_plan(layers, width, tokens, batch_tokens, vocab=32_000):
    inner = 2 * 4 * width // 3
    inner += -inner % 256
    layer = [(width, width)] * 4 + [(width, inner)] * 3 + [(width,)] * 2
    whole = [(vocab, width)] * 2 + [(width,)]
    parameters = layers * sum(map(prod, layer)) + sum(map(prod, whole))
    steps, rest = divmod(tokens, batch_tokens)
    return dict(
        ffn_width=inner,
        parameters=parameters,
        flops=6 * parameters * tokens,
        steps=steps + bool(rest),
    )
