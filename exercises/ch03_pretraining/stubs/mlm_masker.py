# Fifteen percent, and what becomes of them (10 points, difficulty 2 of 5, about 20 minutes)
# The statement: https://minillm-book.github.io/minillm/chapters/03_pretraining/exercises.html#fifteen-percent-and-what-becomes-of-them
# To check it: minillm exercises check ch03.mlm_masker

"""BERT's masked tokens."""

import torch

IGNORE = -100


def mask_tokens(
    ids: torch.Tensor,
    special_ids: list[int],
    mask_id: int,
    vocab_size: int,
    seed: int,
    rate: float = 0.15,
) -> tuple[torch.Tensor, torch.Tensor]:
    """The ids that the model reads, and the labels it is asked for."""
    raise NotImplementedError("choose, hide, and ask")
