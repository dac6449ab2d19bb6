# fails: test_three_four
# idea: hands x back

import torch


def rms_norm(x, weight, eps=1e-6):
    return x.clone()
