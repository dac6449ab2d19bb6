# fails: test_flops
# idea: always 0

def dense_flops(parameters, tokens):
    return 0.0


def attention_flops(layers, width, context, tokens):
    return 0.0


def petaflop_days(flops):
    return 0.0


def cluster_days(flops, devices, peak_flops, utilization):
    return 0.0


def flops_utilization(flops, devices, peak_flops, days):
    return 0.0


def llama_plan(layers, width, tokens, batch_tokens, vocab=32_000):
    return {"ffn_width": 0, "parameters": 0, "flops": 0, "steps": 0}
