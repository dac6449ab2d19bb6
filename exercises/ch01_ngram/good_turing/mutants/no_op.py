# fails: test_adjusted_counts
# idea: gives the counts back

def counts_of_counts(counts):
    return counts


def good_turing(counts, vocabulary, cutoff):
    return counts
