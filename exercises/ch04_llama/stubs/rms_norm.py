# RMSNorm that does not overflow (10 points, difficulty 2 of 5, about 15 minutes)
# The statement: https://minillm-book.github.io/minillm/chapters/04_llama/exercises.html#rmsnorm-that-does-not-overflow
# To check it: minillm exercises check ch04.rms_norm

"""Root-mean-square normalization."""

import torch


def rms_norm(x: torch.Tensor, weight: torch.Tensor, eps: float = 1e-6) -> torch.Tensor:
    """Divide each vector by its root mean square, then stretch it by the weight."""
    raise NotImplementedError("mean of squares, root, weight")
