# fails: test_two_words_by_hand
# idea: always answers 0

def sentence_logprob(sentence, conditional):
    return 0.0


def mass(conditional, longest):
    return 0.0
