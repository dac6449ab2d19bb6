# idea: token by token

import random

import torch


def mask_tokens(ids, special_ids, mask_id, vocab_size, seed, rate=0.15):
    dice = random.Random(seed)
    special, noised, labels = set(special_ids), [], []
    for row in ids.tolist():
        noised.append([])
        labels.append([])
        for token in row:
            chosen = token not in special and dice.random() < rate
            labels[-1].append(token if chosen else -100)
            if chosen:
                fate = dice.random()
                if fate < 0.8:
                    token = mask_id
                elif fate < 0.9:
                    token = dice.randrange(vocab_size)
            noised[-1].append(token)
    return torch.tensor(noised), torch.tensor(labels)
