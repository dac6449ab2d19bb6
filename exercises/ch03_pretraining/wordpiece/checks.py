"""Counts by going over all places, scores as fractions, and cuts by trying every end."""

from fractions import Fraction

from minillm.grading.expect import close, equal, is_true


def random_words(rng, count, letters="abcd", longest=6):
    """Words with how often they occur; 习 and é are letters like others."""
    alphabet = [*letters, "习", "é"][: len(letters) + 2]
    words = {}
    for length in rng.integers(1, longest + 1, size=count).tolist():
        word = "".join(rng.choice(alphabet, size=length).tolist())
        words[word] = int(rng.integers(1, 30))
    return words


def split(word):
    return [c if i == 0 else f"##{c}" for i, c in enumerate(word)]


def random_corpus(rng, count):
    """Words cut in some way, so that pieces have all lengths."""
    corpus = []
    for word, times in random_words(rng, count, longest=8).items():
        pieces, start = [], 0
        while start < len(word):
            stop = start + int(rng.integers(1, 4))
            pieces.append(("##" if start else "") + word[start:stop])
            start = stop
        corpus.append((pieces, times))
    return corpus


def counted(corpus):
    single, double = {}, {}
    for pieces, times in corpus:
        for i, piece in enumerate(pieces):
            single[piece] = single.get(piece, 0) + times
            if i:
                pair = (pieces[i - 1], piece)
                double[pair] = double.get(pair, 0) + times
    return single, double


def exact(corpus, min_count=1):
    single, double = counted(corpus)
    return {
        (a, b): Fraction(n, single[a] * single[b])
        for (a, b), n in double.items()
        if n >= min_count
    }


def union(a, b):
    return a + b[2:] if b.startswith("##") else a + b


def learned(words, size, min_count=1, by_count=False):
    corpus = [(split(word), times) for word, times in words.items()]
    pieces = sorted({piece for parts, _ in corpus for piece in parts})
    while len(pieces) < size:
        scores = exact(corpus, min_count)
        double = counted(corpus)[1]
        ranked = sorted(
            scores,
            key=lambda p: (-double[p] if by_count else -scores[p], p),
        )
        best = next((pair for pair in ranked if union(*pair) not in pieces), None)
        if best is None:
            break
        pieces.append(union(*best))
        for parts, _ in corpus:
            i = 0
            while i + 1 < len(parts):
                if (parts[i], parts[i + 1]) == best:
                    parts[i : i + 2] = [union(*best)]
                i += 1
    return pieces


def greedy(word, pieces, mark="##"):
    found, rest = [], word
    while rest:
        sizes = [
            n
            for n in range(1, len(rest) + 1)
            if (mark if found else "") + rest[:n] in pieces
        ]
        if not sizes:
            return ["[UNK]"]
        found.append((mark if found else "") + rest[: max(sizes)])
        rest = rest[max(sizes) :]
    return found


def test_scores(submission, rng):
    for count in (3, 12, 40):
        corpus = random_corpus(rng, count)
        single, double = counted(corpus)
        flat = [(pieces, 1) for pieces, _ in corpus]
        for min_count in (1, int(rng.integers(10, 40))):
            right = {pair: float(x) for pair, x in exact(corpus, min_count).items()}
            causes = {
                "by_count": {pair: float(double[pair]) for pair in right},
                "one_part": {pair: double[pair] / single[pair[0]] for pair in right},
                "words_not_counted": {p: float(x) for p, x in exact(flat).items()},
            }
            got = submission.pair_scores(corpus, min_count)
            close(got, right, rtol=1e-12, causes=causes)
        equal(
            submission.pair_scores(corpus),
            {p: float(x) for p, x in exact(corpus).items()},
        )
    overlapping = [(["a", "##a", "##a", "##a"], 2)]
    close(
        submission.pair_scores(overlapping),
        {("a", "##a"): 2 / (2 * 6), ("##a", "##a"): 4 / (6 * 6)},
        rtol=1e-12,
    )
    equal(submission.pair_scores([(["a"], 3)]), {})


def test_characters_first(submission, rng):
    for count in (1, 10, 30):
        words = random_words(rng, count)
        right = sorted({piece for word in words for piece in split(word)})
        causes = {
            "no_marks": sorted({c for word in words for c in word}),
            "one_mark": sorted({piece.replace("##", "#") for piece in right}),
        }
        for size in (1, len(right)):
            equal(submission.learn_pieces(words, size), right, causes=causes)


def test_first_join(submission, rng):
    """The frequent pair of frequent parts against the rarer pair that is always a pair."""
    for _ in range(3):
        often, rare = int(rng.integers(50, 90)), int(rng.integers(5, 20))
        words = {"ab": often, "ac": often, "db": often, "xy": rare}
        size = 1 + len({piece for word in words for piece in split(word)})
        right = learned(words, size)
        causes = {
            "by_count": learned(words, size, by_count=True),
            "mark_inside": [*right[:-1], "x##y"],
        }
        equal(right[-1], "xy")
        equal(submission.learn_pieces(words, size), right, causes=causes)
        inside = {f"q{word}": times for word, times in words.items()}
        right = learned(inside, size + 1)
        causes = {
            "by_count": learned(inside, size + 1, by_count=True),
            "mark_inside": [*right[:-1], "##x##y"],
        }
        equal(right[-1], "##xy")
        equal(submission.learn_pieces(inside, size + 1), right, causes=causes)


def test_learned(submission, rng):
    """Many steps on random words, to the point where nothing is left to join as well."""
    for count, more in [(4, 3), (15, 12), (30, 25), (8, 1000)]:
        words = random_words(rng, count)
        size = len({piece for word in words for piece in split(word)}) + more
        for min_count in (1, 25):
            right = learned(words, size, min_count)
            causes = {
                "by_count": learned(words, size, min_count, by_count=True),
                "words_not_counted": learned(dict.fromkeys(words, 1), size, 1),
            }
            got = submission.learn_pieces(words, size, min_count)
            equal(got, right, causes=causes)
    # A run of one letter: pairs that overlap are joined from the left.
    runs = {"bbabba": 9, "a": 3, "aaaaaa": int(rng.integers(9, 12))}
    equal(submission.learn_pieces(runs, 13), learned(runs, 13))


def test_cut(submission, rng):
    words = ["highest", "high", "low", "lowest", "est", "newest"]
    pieces = [
        "high",
        "##est",
        "h",
        "hi",
        "low",
        "##e",
        "##s",
        "##t",
        "##es",
        "e",
        "est",
        "new",
    ]
    order = rng.permutation(len(pieces))
    mixed = [pieces[i] for i in order]
    for word in words:
        characters = split(word)
        all_of_them = mixed + [c for c in characters if c not in mixed]
        right = greedy(word, pieces)
        causes = {
            "shortest": characters,
            "one_mark": greedy(word, all_of_them, mark="#"),
            "no_marks": greedy(word, all_of_them, mark=""),
        }
        equal(
            submission.cut_word(word, all_of_them),
            greedy(word, all_of_them),
            causes=causes,
        )
        equal(submission.cut_word(word, mixed), right)
    for _ in range(30):
        vocabulary = random_pieces(rng)
        word = "".join(rng.choice(list("ab"), size=int(rng.integers(1, 9))).tolist())
        right = greedy(word, vocabulary)
        causes = {"shortest": shortest(word, vocabulary)}
        equal(submission.cut_word(word, vocabulary), right, causes=causes)


def random_pieces(rng):
    """Pieces of a and b; the single characters are among them, so that every word can be cut."""
    texts = {"a", "b"} | set(random_words(rng, 8, "ab", 4))
    texts = sorted(text for text in texts if set(text) <= {"a", "b"})
    starts = [text for text in texts if len(text) == 1 or rng.random() < 0.6]
    inside = [f"##{text}" for text in texts if len(text) == 1 or rng.random() < 0.6]
    return starts + inside


def shortest(word, pieces):
    found, rest = [], word
    while rest:
        mark = "##" if found else ""
        fits = [n for n in range(1, len(rest) + 1) if mark + rest[:n] in pieces]
        if not fits:
            return ["[UNK]"]
        found.append(mark + rest[: fits[0]])
        rest = rest[fits[0] :]
    return found


def test_unknown(submission, rng):
    """One mark for the whole word; and no second try where the longest piece leads nowhere."""
    a, b, c, d = (str(x) for x in rng.permutation(list("wxyz")))
    cases = [
        (
            a + b + "习",
            [a, f"##{b}", a + b, f"##{a}"],
            [a + b, "[UNK]"],
            "half_unknown",
        ),
        (a + b + c, [a, a + b, f"##{b}{c}"], [a, f"##{b}{c}"], "looked_ahead"),
        (a + b, [a, b, f"#{b}"], [a, b], "no_marks"),
        ("习" + a, [f"##{a}", a, "##习"], ["[UNK]", a], "half_unknown"),
        (d, [a, b, c, f"##{d}"], [f"##{d}"], "no_marks"),
    ]
    for word, pieces, wrong, cause in cases:
        causes = {cause: wrong, "half_unknown": [*wrong[:1], "[UNK]"]}
        equal(submission.cut_word(word, pieces), ["[UNK]"], causes=causes)
        equal(submission.cut_word(word, [*pieces, word]), [word])


def test_join(submission, rng):
    for _ in range(3):
        words = list(random_words(rng, 7))
        pieces, parts = [], []
        for word in words:
            cut = int(rng.integers(1, len(word) + 1))
            parts.append([word[:cut], *(f"##{c}" for c in word[cut:])])
            pieces += parts[-1]
        got, spaced = submission.join_pieces(pieces), " ".join(pieces)
        if isinstance(got, str) and "##" not in got:
            spaced = spaced.replace("##", "")
        equal(got, " ".join(words), causes={"marks_left": spaced})
    equal(
        submission.join_pieces(["high", "##est", "[UNK]", "low"]), "highest [UNK] low"
    )
    equal(submission.join_pieces([]), "")


def test_round_trip(submission, rng):
    """Learn, cut and join: every word of the corpus comes back, from pieces that were learned."""
    words = random_words(rng, 25)
    for more in (0, 10, 30):
        size = len({piece for word in words for piece in split(word)}) + more
        pieces = submission.learn_pieces(words, size)
        equal(len(pieces), len(learned(words, size)))
        cut = [submission.cut_word(word, pieces) for word in words]
        for word, parts in zip(words, cut, strict=True):
            is_true(
                set(parts) <= set(pieces),
                f"{word} is cut into {parts}, which are not all among the pieces",
            )
        text = submission.join_pieces([piece for parts in cut for piece in parts])
        equal(text, " ".join(words))
