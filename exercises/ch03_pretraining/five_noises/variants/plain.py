# idea: Python's own random, places for spans found by trying

import math
import random

MASK = "<mask>"


def token_masking(tokens, rate, seed):
    dice = random.Random(seed)
    return [MASK if dice.random() < rate else token for token in tokens]


def token_deletion(tokens, rate, seed):
    dice = random.Random(seed)
    return [token for token in tokens if dice.random() >= rate]


def poisson(dice, mean):
    count, product = 0, dice.random()
    while product > math.exp(-mean):
        count, product = count + 1, product * dice.random()
    return count


def text_infilling(tokens, rate, mean_span, seed):
    dice = random.Random(seed)
    left = wanted = round(rate * len(tokens))
    spans = []
    while left:
        spans.append(min(left, poisson(dice, mean_span)))
        left -= spans[-1]
    # Where among the tokens that stay does each span come?
    places = sorted(dice.randrange(len(tokens) - wanted + 1) for _ in spans)
    result, read, kept = [], 0, 0
    for place, span in zip(places, spans):
        result += tokens[read : read + place - kept] + [MASK]
        read, kept = read + place - kept + span, place
    return result + tokens[read:]


def sentence_permutation(tokens, seed):
    sentences = [[]]
    for token in tokens:
        sentences[-1].append(token)
        if token == ".":
            sentences.append([])
    if not sentences[-1]:
        sentences.pop()
    random.Random(seed).shuffle(sentences)
    return sum(sentences, [])


def document_rotation(tokens, seed):
    if not tokens:
        return []
    start = random.Random(seed).randrange(len(tokens))
    return [tokens[(start + i) % len(tokens)] for i in range(len(tokens))]


def spoil(tokens, plan, seed):
    tokens = tokens[:]
    for name, options in plan:
        if name == "token_masking":
            tokens = token_masking(tokens, options["rate"], seed)
        elif name == "token_deletion":
            tokens = token_deletion(tokens, options["rate"], seed)
        elif name == "text_infilling":
            tokens = text_infilling(tokens, options["rate"], options["mean_span"], seed)
        elif name == "sentence_permutation":
            tokens = sentence_permutation(tokens, seed)
        elif name == "document_rotation":
            tokens = document_rotation(tokens, seed)
        else:
            raise ValueError(name)
        seed += 1
    return tokens
