# Five ways to spoil a text (13 points, difficulty 3 of 5, about 40 minutes)
# The statement: https://minillm-book.github.io/minillm/chapters/03_pretraining/exercises.html#five-ways-to-spoil-a-text
# To check it: minillm exercises check ch03.five_noises

"""BART's five ways to spoil a text."""


MASK = "<mask>"


def token_masking(tokens: list[str], rate: float, seed: int) -> list[str]:
    """Each token becomes MASK with probability rate."""
    raise NotImplementedError("one mask for each hidden token")


def token_deletion(tokens: list[str], rate: float, seed: int) -> list[str]:
    """Each token is left out with probability rate."""
    raise NotImplementedError("no trace of what is gone")


def text_infilling(
    tokens: list[str], rate: float, mean_span: float, seed: int
) -> list[str]:
    """Spans of random length become one MASK each."""
    raise NotImplementedError("draw the spans, lay them, mask them")


def sentence_permutation(tokens: list[str], seed: int) -> list[str]:
    """The sentences in a random order."""
    raise NotImplementedError("cut after each full stop, then shuffle")


def document_rotation(tokens: list[str], seed: int) -> list[str]:
    """The text from a random token on, and then what stood before it."""
    raise NotImplementedError("begin anywhere")


def spoil(tokens: list[str], plan: list[tuple[str, dict]], seed: int) -> list[str]:
    """One noise after the other."""
    raise NotImplementedError("apply them in order")
