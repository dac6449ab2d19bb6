# fails: test_characters_first
# idea: the words are the pieces

def pair_scores(corpus, min_count=1):
    return {}


def learn_pieces(words, size, min_count=1):
    return list(words)


def cut_word(word, pieces):
    return [word]


def join_pieces(pieces):
    return " ".join(pieces)
