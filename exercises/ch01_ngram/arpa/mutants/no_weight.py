# fails: test_back_off
# idea: backs off without the weight

import re


Model = dict[tuple[str, ...], tuple[float, float]]


def read_arpa(text: str) -> Model:
    _, data, body = text.partition("\\data\\\n")
    body, end, _ = body.partition("\\end\\")
    if not data or not end:
        raise ValueError("\\data\\ or \\end\\ is missing")
    header, *sections = re.split(r"^\\(\d+)-grams:\n", body, flags=re.MULTILINE)
    announced = {n: int(count) for n, count in re.findall(r"^ngram (\d+)=(\d+)$", header, flags=re.MULTILINE)}
    model: Model = {}
    for n, section in zip(sections[::2], sections[1::2], strict=True):
        lines = [line.split("\t") for line in section.splitlines() if line]
        for number, words, *weight in lines:
            ngram = tuple(words.split(" "))
            if len(ngram) != int(n) or len(weight) > 1:
                raise ValueError(f"not an n-gram of order {n}: {words}")
            model[ngram] = (float(number), float(weight[0]) if weight else 0.0)
        if announced.pop(n, None) != len(lines):
            raise ValueError(f"section {n} has {len(lines)} n-grams, which is not what the header says")
    if announced:
        raise ValueError(f"sections {', '.join(announced)} are missing")
    return model


def backoff_logprob(model: Model, history: tuple[str, ...], word: str) -> float:
    *history, word = (w if (w,) in model else "<unk>" for w in (*history, word))
    total = 0.0
    while (*history, word) not in model:
        history = history[1:]
    return total + model[*history, word][0]
