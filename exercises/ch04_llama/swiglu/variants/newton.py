# idea: half a hyperbolic tangent; Newton's method; matrices side by side

import math

import torch


def swish(x, beta=1.0):
    return 0.5 * x * (1 + torch.tanh(0.5 * beta * x))


def swish_minimum(beta=1.0):
    t = -1.3
    while abs(step := (math.exp(t) + t + 1) / (math.exp(t) + 1)) > 1e-13:
        t -= step
    # At the minimum sigma(t) = 1 + 1/t, so the value is t + 1.
    return t / beta, (t + 1) / beta


def swiglu(x, w, v, w2):
    gate, up = (x @ torch.cat([w, v], dim=1)).chunk(2, dim=-1)
    return (swish(gate) * up) @ w2


def swiglu_width(width, multiple=256):
    inner = 2 * (4 * width) // 3
    return multiple * ((inner + multiple - 1) // multiple)
