import pytest

from minillm.errors import InvalidInput
from minillm.viz.tables import markdown_table


def test_numbers_are_rounded_and_aligned():
    text = markdown_table(
        [{"model": "bigram | raw", "perplexity": 96.512}, {"model": "unigram", "perplexity": 12345.6}]
    )
    assert text.splitlines() == [
        "| model | perplexity |",
        "| :--- | ---: |",
        "| bigram \\| raw | 96.5 |",
        "| unigram | 12,346 |",
    ]


@pytest.mark.parametrize("rows", [[], [{"a": 1}, {"b": 1}], [{"a": 1, "b": 2}, {"b": 2, "a": 1}]])
def test_rows_must_agree(rows):
    with pytest.raises(InvalidInput):
        markdown_table(rows)


def test_the_mark_of_a_sentences_start_is_seen_and_is_no_tag():
    text = markdown_table([{"</s>": "<s>"}])
    assert text.splitlines()[0] == "| &lt;/s> |"
    assert text.splitlines()[2] == "| &lt;s> |"
