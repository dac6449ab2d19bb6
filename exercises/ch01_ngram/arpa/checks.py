"""Random models written as text and read back; scores by the definition; rows that add up to one."""

import math

from minillm.grading.expect import close, is_true

WORDS = ["<unk>", "a", "b", "c", "习惯", "</s>"]

EXAMPLE = """written by hand

\\data\\
ngram 1=5
ngram 2=3
ngram 3=1

\\1-grams:
-1.5\t<unk>
-99\t<s>\t-0.5
-0.75\t</s>
-0.5\ta\t-0.25
-0.625\tb\t0.125

\\2-grams:
-0.125\t<s> a\t-0.375
-0.25\ta b\t-1
-2\tb </s>

\\3-grams:
-0.0625\t<s> a b

\\end\\
"""
MODEL = {
    ("<unk>",): (-1.5, 0.0),
    ("<s>",): (-99.0, -0.5),
    ("</s>",): (-0.75, 0.0),
    ("a",): (-0.5, -0.25),
    ("b",): (-0.625, 0.125),
    ("<s>", "a"): (-0.125, -0.375),
    ("a", "b"): (-0.25, -1.0),
    ("b", "</s>"): (-2.0, 0.0),
    ("<s>", "a", "b"): (-0.0625, 0.0),
}


def normalized(rng, order):
    """A back-off model whose every row adds up to one."""
    shares = rng.dirichlet([2.0] * len(WORDS)).tolist()
    model = {("<s>",): (-99.0, 0.0)} | {
        (w,): (math.log10(p), 0.0) for w, p in zip(WORDS, shares, strict=True)
    }
    for length in range(1, order):
        histories = [
            ngram for ngram in model if len(ngram) == length and ngram[-1] != "</s>"
        ]
        for history in histories[: 6 if length > 1 else None]:
            seen = rng.choice(
                WORDS, size=int(rng.integers(1, 4)), replace=False
            ).tolist()
            below = sum(10 ** score(model, history[1:], word) for word in seen)
            kept = float(rng.uniform(0.3, 0.9))
            parts = (kept * rng.dirichlet([2.0] * len(seen))).tolist()
            model |= {
                (*history, word): (math.log10(p), 0.0)
                for word, p in zip(seen, parts, strict=True)
            }
            model[history] = (model[history][0], math.log10((1 - kept) / (1 - below)))
    return model


def score(model, history, word):
    """The definition, as a recursion, for words that are known."""
    if (*history, word) in model:
        return model[*history, word][0]
    return model.get(history, (0.0, 0.0))[1] + score(model, history[1:], word)


def no_weight(model, history, word):
    return (
        model[*history, word][0]
        if (*history, word) in model
        else no_weight(model, history[1:], word)
    )


def weight_of_shorter(model, history, word):
    if (*history, word) in model:
        return model[*history, word][0]
    return model.get(history[1:], (0.0, 0.0))[1] + weight_of_shorter(
        model, history[1:], word
    )


def wrong_end(model, history, word):
    if (*history, word) in model:
        return model[*history, word][0]
    return model.get(history, (0.0, 0.0))[1] + wrong_end(model, history[:-1], word)


def written(model, preface=""):
    orders = range(1, max(map(len, model)) + 1)
    lines = [
        preface,
        "\\data\\",
        *(f"ngram {n}={sum(len(g) == n for g in model)}" for n in orders),
        "",
    ]
    for n in orders:
        lines.append(f"\\{n}-grams:")
        for ngram, (logp, weight) in model.items():
            if len(ngram) == n:
                lines.append(
                    f"{logp!r}\t{' '.join(ngram)}" + (f"\t{weight!r}" if weight else "")
                )
        lines.append("")
    return "\n".join([*lines, "\\end\\", ""])


def test_a_small_file(submission):
    close(submission.read_arpa(EXAMPLE), MODEL, rtol=1e-12)


def test_any_file(submission, rng):
    for order in (1, 2, 3):
        model = normalized(rng, order)
        wrong = {
            g: (logp * math.log(10), weight * math.log(10))
            for g, (logp, weight) in model.items()
        }
        got = submission.read_arpa(
            written(model, preface="made for a check" if order > 1 else "")
        )
        close(got, model, rtol=1e-12, causes={"natural_logarithm": wrong})


DAMAGE = {
    "without \\data\\": ("\\data\\\n", ""),
    "cut short": ("\n\\end\\\n", "\n"),
    "with an n-gram too few": ("-2\tb </s>\n", ""),
    "with an n-gram too many": ("-2\tb </s>\n", "-2\tb </s>\n-3\tb a\n"),
    "with a section missing": ("\\3-grams:\n-0.0625\t<s> a b\n", ""),
    "with a section that is not announced": ("ngram 3=1\n", ""),
    "with a word for a number": ("-0.625\tb", "b\t-0.625"),
    "with a damaged weight": ("\t-0.375", "\t-0.3.75"),
    "with a bigram among the unigrams": ("-0.5\ta\t", "-0.5\ta b\t"),
    "with a unigram among the bigrams": ("-2\tb </s>", "-2\tb"),
    "with a field too many": ("-2\tb </s>", "-2\tb </s>\t-1\t-1"),
    "with a field too few": ("-2\tb </s>", "-2"),
}


def test_damaged_files(submission):
    close(submission.read_arpa(EXAMPLE), MODEL, rtol=1e-12)
    for name, (old, new) in DAMAGE.items():
        assert EXAMPLE.count(old) == 1
        refused = False
        try:
            submission.read_arpa(EXAMPLE.replace(old, new))
        except ValueError:
            refused = True
        is_true(refused, f"a file {name} was read without a ValueError")


def test_back_off(submission, rng):
    wrong = {
        "no_weight": no_weight,
        "weight_of_shorter": weight_of_shorter,
        "wrong_end": wrong_end,
    }
    for order in (3, 2, 1):
        model = normalized(rng, order)
        lengths = rng.integers(1, 5, size=25).tolist()
        asked = [
            tuple(rng.choice(WORDS[:5], size=length).tolist()) for length in lengths
        ]
        cases = []
        for *history, word in [*asked, *(("<s>", *words) for words in asked[:8])]:
            right = score(model, tuple(history), word)
            causes = {
                cause: rule(model, tuple(history), word)
                for cause, rule in wrong.items()
            }
            causes |= {
                "always_backs_off": model[word,][0],
                "natural_logarithm": right * math.log(10),
            }
            cases.append((tuple(history), word, right, causes))
        cases.sort(
            key=lambda case: -len(set(case[3].values()))
        )  # first those that tell the mistakes apart
        for history, word, right, causes in cases:
            close(
                submission.backoff_logprob(model, history, word),
                right,
                rtol=1e-9,
                causes=causes,
            )


def test_unknown_words(submission):
    close(submission.backoff_logprob(MODEL, ("<s>", "a"), "zebra"), -0.375 - 0.25 - 1.5)
    close(submission.backoff_logprob(MODEL, ("zebra",), "b"), -0.625)
    model = MODEL | {("<unk>", "b"): (-0.5, 0.0), ("<unk>",): (-1.5, -0.25)}
    close(
        submission.backoff_logprob(model, ("a", "斑马"), "b"),
        -0.5,
        causes={"unknown_in_history": -0.625},
    )
    close(
        submission.backoff_logprob(model, ("斑马",), "a"),
        -0.75,
        causes={"unknown_in_history": -0.5},
    )


def test_sums_to_one(submission, rng):
    model = normalized(rng, 3)
    seen = [ngram for ngram in model if len(ngram) == 2 and ngram[-1] != "</s>"]
    for history in [seen[0], seen[-1], ("a",), ("习惯", "习惯"), ()]:
        total = sum(
            10 ** submission.backoff_logprob(model, history, word) for word in WORDS
        )
        is_true(
            abs(total - 1) < 1e-6,
            f"the row after {history} adds up to {total:.6f}, not to 1",
        )
