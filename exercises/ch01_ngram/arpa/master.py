"""ARPA files: reading, and scoring with back-off."""

# solution:
import re

# end

Model = dict[tuple[str, ...], tuple[float, float]]


def read_arpa(text: str) -> Model:
    """From each n-gram to its log-probability and back-off weight, both base 10."""
    # solution:
    _, data, body = text.partition("\\data\\\n")
    body, end, _ = body.partition("\\end\\")
    if not data or not end:
        raise ValueError("\\data\\ or \\end\\ is missing")
    header, *sections = re.split(r"^\\(\d+)-grams:\n", body, flags=re.MULTILINE)
    announced = {
        n: int(count)
        for n, count in re.findall(r"^ngram (\d+)=(\d+)$", header, flags=re.MULTILINE)
    }
    model: Model = {}
    for n, section in zip(sections[::2], sections[1::2], strict=True):
        lines = [line.split("\t") for line in section.splitlines() if line]
        for number, words, *weight in lines:
            ngram = tuple(words.split(" "))
            if len(ngram) != int(n) or len(weight) > 1:
                raise ValueError(f"not an n-gram of order {n}: {words}")
            model[ngram] = (float(number), float(weight[0]) if weight else 0.0)
        if announced.pop(n, None) != len(lines):
            raise ValueError(f"section {n} does not have what the header announces")
    if announced:
        raise ValueError(f"sections {', '.join(announced)} are missing")
    return model
    # stub:
    raise NotImplementedError("read the header, then each section")
    # end


def backoff_logprob(model: Model, history: tuple[str, ...], word: str) -> float:
    """Base-10 log-probability of a word, backing off where it must."""
    # solution:
    *history, word = (w if (w,) in model else "<unk>" for w in (*history, word))
    total = 0.0
    while (*history, word) not in model:
        total += model.get(tuple(history), (0.0, 0.0))[1]
        history = history[1:]
    return total + model[*history, word][0]
    # stub:
    raise NotImplementedError("look the n-gram up, or back off")
    # end
