# idea: one pass over the lines with a state; recursion for the score

def read_arpa(text):
    lines = iter(text.splitlines())
    for line in lines:
        if line == "\\data\\":
            break
    else:
        raise ValueError("no data")
    announced, found, model, order = {}, {}, {}, None
    for line in lines:
        if not line:
            continue
        if line == "\\end\\":
            if announced != found:
                raise ValueError(f"announced {announced}, found {found}")
            return model
        if line.startswith("\\"):
            order = int(line[1:].removesuffix("-grams:"))
            found[order] = 0
        elif order is None:
            n, count = line.removeprefix("ngram ").split("=")
            announced[int(n)] = int(count)
        else:
            number, words, weight = (line.split("\t") + ["0"])[:3]
            if line.count("\t") > 2 or words.count(" ") != order - 1:
                raise ValueError(line)
            model[tuple(words.split(" "))] = (float(number), float(weight))
            found[order] += 1
    raise ValueError("no end")


def backoff_logprob(model, history, word):
    def score(history, word):
        if (*history, word) in model:
            return model[*history, word][0]
        return model.get(history, (0.0, 0.0))[1] + score(history[1:], word)

    known = [w if (w,) in model else "<unk>" for w in (*history, word)]
    return score(tuple(known[:-1]), known[-1])
