# fails: test_damaged_files
# idea: reads what it can and checks nothing

def read_arpa(text):
    model = {}
    for line in text.splitlines():
        fields = line.split("\t")
        if len(fields) > 1:
            weight = float(fields[2]) if len(fields) > 2 else 0.0
            model[tuple(fields[1].split(" "))] = (float(fields[0]), weight)
    return model


def backoff_logprob(model, history, word):
    *history, word = [w if (w,) in model else "<unk>" for w in (*history, word)]
    history = tuple(history)
    if (*history, word) in model:
        return model[*history, word][0]
    return model.get(history, (0.0, 0.0))[1] + backoff_logprob(model, history[1:], word)
