# idea: logarithms of the softmax, gathered; the mean of what is selected

import torch


def token_losses(logits, ids):
    logs = torch.log_softmax(logits[:, : ids.shape[1] - 1], dim=-1)
    return -torch.gather(logs, 2, ids[:, 1:].unsqueeze(-1)).squeeze(-1)


def shifted_loss(logits, ids, real=None):
    losses = token_losses(logits, ids)
    if real is not None:
        losses = losses[real[:, 1:] & real[:, :-1]]
    if losses.numel() == 0:
        return 0.0 * logits.sum()
    return losses.mean()
