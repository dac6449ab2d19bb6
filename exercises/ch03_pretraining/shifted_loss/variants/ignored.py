# idea: labels of -100 for what does not count, flattened

import torch
from torch.nn.functional import cross_entropy


def token_losses(logits, ids):
    batch, time, vocab = logits.shape
    flat = cross_entropy(
        logits[:, :-1].reshape(-1, vocab), ids[:, 1:].reshape(-1), reduction="none"
    )
    return flat.view(batch, time - 1)


def shifted_loss(logits, ids, real=None):
    labels = ids.roll(-1, dims=1)
    labels[:, -1] = -100
    if real is not None:
        labels[~real] = -100
        labels[:, :-1][~real[:, 1:]] = -100
    total = cross_entropy(logits.flatten(0, 1), labels.flatten(), reduction="sum")
    return total / max(int((labels >= 0).sum()), 1)
