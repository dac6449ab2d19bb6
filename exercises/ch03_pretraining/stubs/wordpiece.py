# WordPiece, from scores to words (12 points, difficulty 3 of 5, about 40 minutes)
# The statement: https://minillm-book.github.io/minillm/chapters/03_pretraining/exercises.html#wordpiece-from-scores-to-words
# To check it: minillm exercises check ch03.wordpiece

"""WordPiece: learning pieces, cutting words into them, and putting them together."""


UNKNOWN = "[UNK]"


def pair_scores(
    corpus: list[tuple[list[str], int]], min_count: int = 1
) -> dict[tuple[str, str], float]:
    """c(ab) / (c(a) c(b)) for every two pieces that stand together."""
    raise NotImplementedError("count pieces, count pairs, divide")


def learn_pieces(words: dict[str, int], size: int, min_count: int = 1) -> list[str]:
    """The pieces: characters first, then what was joined, in the order learned."""
    raise NotImplementedError("join the pair with the best score, again and again")


def cut_word(word: str, pieces: list[str]) -> list[str]:
    """The longest piece that fits, again and again."""
    raise NotImplementedError("greedy, from the left")


def join_pieces(pieces: list[str]) -> str:
    """The words that the pieces make, with a space between two words."""
    raise NotImplementedError("undo the cut")
