# fails: test_value
# idea: scores and losses of nothing

import torch


def last_real(real):
    return torch.zeros(len(real), dtype=torch.int64)


def class_logits(hidden, real, classifier):
    return 0 * hidden[:, 0] @ classifier


def lambda_loss(hidden, ids, real, labels, embedding, classifier, lam):
    return 0 * (hidden.sum() + embedding.sum() + classifier.sum())
