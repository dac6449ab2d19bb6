# idea: one text after the other, padding cut off first

import torch


def last_real(real):
    return torch.stack([row.nonzero()[-1, 0] for row in real])


def class_logits(hidden, real, classifier):
    states = [row[mask][-1] for row, mask in zip(hidden, real)]
    return torch.matmul(torch.stack(states), classifier)


def lambda_loss(hidden, ids, real, labels, embedding, classifier, lam):
    if not (lam >= 0 and lam <= 1):
        raise ValueError("lambda goes from 0 to 1")
    logs = torch.log_softmax(class_logits(hidden, real, classifier), dim=-1)
    total = 0
    for b in range(len(ids)):
        total = total - logs[b, labels[b]]
        states, tokens = hidden[b][real[b]], ids[b][real[b]]
        if len(tokens) > 1:
            scores = torch.log_softmax(states[:-1] @ embedding.mT, dim=-1)
            steps = torch.arange(len(tokens) - 1)
            total = total - lam * scores[steps, tokens[1:]].mean()
    return total / len(ids)
