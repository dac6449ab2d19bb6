"""Sums over the vocabulary, shares counted by hand, and the definition as a recursion over lists of pairs."""

import math
from fractions import Fraction

from minillm.grading.expect import close, is_true

WORDS = ["a", "b", "c", "习惯"]


def text(rng, sentences=15):
    """Random sentences; the last word of the vocabulary never occurs in training."""
    lengths = [1, 2, *rng.integers(0, 8, size=sentences).tolist()]
    return [
        rng.choice(WORDS[:3], size=length, p=[0.6, 0.3, 0.1]).tolist()
        for length in lengths
    ]


def steps(sentences):
    """Each predicted token with the two words before it."""
    for sentence in sentences:
        words = ["<s>", "<s>", *sentence, "</s>"]
        for i in range(2, len(words)):
            yield tuple(words[i - 2 : i]), words[i]


def defined(pairs, word, before, weights):
    """The definition, from the longest history down."""
    if not weights:
        return Fraction(1, len(WORDS) + 1)
    length = len(weights) - 1
    history = before[2 - length :]
    row = [w for h, w in pairs if h[2 - length :] == history]
    below = defined(pairs, word, before, weights[:-1])
    if not row:
        return below
    weight = Fraction(weights[-1])
    return weight * Fraction(row.count(word), len(row)) + (1 - weight) * below


def fitted(submission, sentences, weights):
    model = submission.build("Trigram", WORDS, weights)
    model.fit(sentences)
    return model


def row(model, before):
    return [model.probability(word, before) for word in [*WORDS, "</s>"]]


def test_first_words(submission, rng):
    """With the bigrams alone, a word's probability at the start is the share of sentences that begin with it."""
    sentences = [*text(rng), ["a"], []]
    firsts = [[*sentence, "</s>"][0] for sentence in sentences]
    right = [firsts.count(word) / len(firsts) for word in [*WORDS, "</s>"]]
    causes = {
        "start_is_predicted": [value / 2 for value in right],
        "no_start": [1 / len(right)] * len(right),
    }
    close(
        row(fitted(submission, sentences, [0.0, 1.0, 0.0]), []),
        right,
        rtol=1e-9,
        causes=causes,
    )


def test_sums_to_one_at_the_start(submission, rng):
    weights = rng.uniform(0.2, 0.8, size=3).tolist()
    probabilities = row(fitted(submission, text(rng), weights), [])
    total = sum(probabilities)
    is_true(
        abs(total - 1) < 1e-9,
        f"at the start of a sentence the probabilities add up to {total:.6f}, not to 1",
    )
    is_true(
        probabilities[0] > probabilities[3] > 0,
        "'a', which is frequent, should be likelier than a word never seen",
    )


def test_sums_to_one_everywhere(submission, rng):
    weights = rng.uniform(0.2, 0.8, size=3).tolist()
    model = fitted(submission, text(rng), weights)
    for before in (
        ["a"],
        ["a", "a"],
        ["c", "b"],
        ["习惯"],
        ["习惯", "a"],
        ["a", "习惯", "习惯"],
    ):
        probabilities = row(model, before)
        total = sum(probabilities)
        is_true(
            abs(total - 1) < 1e-9,
            f"after {before} the probabilities add up to {total:.6f}, not to 1",
        )
        is_true(min(probabilities) > 0, f"after {before} a word has probability 0")
        is_true(
            probabilities[0] != probabilities[3],
            "the counts make no difference any more",
        )


def test_shares_of_words(submission, rng):
    """With the unigrams alone, each word's share of all predicted tokens."""
    sentences = text(rng)
    tokens = [word for _, word in steps(sentences)]
    right = [tokens.count(word) / len(tokens) for word in [*WORDS, "</s>"]]
    causes = {
        "start_is_predicted": [
            value * len(tokens) / (len(tokens) + 2 * len(sentences)) for value in right
        ],
        "no_end": [
            tokens.count(w) / (len(tokens) - tokens.count("</s>")) for w in WORDS
        ]
        + [0.0],
    }
    close(
        row(fitted(submission, sentences, [1.0, 0.0, 0.0]), ["a", "b"]),
        right,
        rtol=1e-9,
        causes=causes,
    )


def test_perplexity(submission, rng):
    for _ in range(2):
        sentences, unseen = text(rng), [*text(rng, sentences=6), ["习惯", "a"], []]
        weights = rng.uniform(0.2, 0.8, size=3).tolist()
        pairs, asked = list(steps(sentences)), list(steps(unseen))

        def figure(answers):
            return math.exp(-sum(map(math.log, answers)) / len(answers))

        right = [defined(pairs, word, before, weights) for before, word in asked]
        leaking = [spoiled(sentences, weights, before) for before, _ in asked]
        scaled = [
            leaking[i][word] / sum(leaking[i].values())
            for i, (_, word) in enumerate(asked)
        ]
        causes = {
            "start_is_predicted": figure(
                [leaking[i][word] for i, (_, word) in enumerate(asked)]
            ),
            "scaled_to_one": figure(scaled),
        }
        got = fitted(submission, sentences, weights).perplexity(unseen)
        close(got, figure(right), rtol=1e-9, causes=causes)


def spoiled(sentences, weights, before):
    """A row as the listing gives it before it is mended."""
    p = dict.fromkeys([*WORDS, "</s>"], 1 / (len(WORDS) + 1))
    for n, weight in enumerate(weights, start=1):
        marked = [["<s>", "<s>", *sentence, "</s>"] for sentence in sentences]
        windows = [
            words[i : i + n] for words in marked for i in range(len(words) - n + 1)
        ]
        history = list(before[3 - n :])
        after = [window[-1] for window in windows if window[:-1] == history]
        if after:
            p = {
                word: weight * after.count(word) / len(after) + (1 - weight) * p[word]
                for word in p
            }
    return p
