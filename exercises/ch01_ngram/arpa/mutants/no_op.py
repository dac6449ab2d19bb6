# fails: test_any_file
# idea: reads nothing

def read_arpa(text):
    return {}


def backoff_logprob(model, history, word):
    return 0.0
