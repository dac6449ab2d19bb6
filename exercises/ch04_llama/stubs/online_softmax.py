# A softmax in one pass (11 points, difficulty 3 of 5, about 35 minutes)
# The statement: https://minillm-book.github.io/minillm/chapters/04_llama/exercises.html#a-softmax-in-one-pass
# To check it: minillm exercises check ch04.online_softmax

"""The softmax of rows that come in parts."""

import torch


def softmax_sums(scores: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Maximum m and sum l of exp(score - m) of every row, each of shape (...)."""
    raise NotImplementedError("the maximum, and the sum of powers below it")


def merge_sums(
    a: tuple[torch.Tensor, torch.Tensor], b: tuple[torch.Tensor, torch.Tensor]
) -> tuple[torch.Tensor, torch.Tensor]:
    """The sums (m, l) of two parts together, from those of each."""
    raise NotImplementedError("bring both sums to the same maximum")


def softmax_part(
    scores: torch.Tensor, m: torch.Tensor, l: torch.Tensor
) -> torch.Tensor:
    """Weights of one part's scores in the softmax of rows whose sums are m and l."""
    raise NotImplementedError("the share of the whole row's sum")


def add_part(
    state: tuple[torch.Tensor, torch.Tensor, torch.Tensor] | None,
    scores: torch.Tensor,
    values: torch.Tensor,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """The state (m, l, z) after one more part; z mixes all values so far."""
    raise NotImplementedError("rescale what was there, and add the part")
