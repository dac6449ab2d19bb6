import pytest

from minillm.data.text import split_sentences, tokenize_words
from minillm.errors import InvalidInput


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("Use it, e.g. Like this. Then stop.", ["Use it, e.g. Like this.", "Then stop."]),
        ("By J. Smith. It works.", ["By J. Smith.", "It works."]),
        ("See os.path. It is 3.5 wide.", ["See os.path.", "It is 3.5 wide."]),
        ("The file a.txt is read. it goes on", ["The file a.txt is read. it goes on"]),
        ("One\nline.\n\nNew paragraph", ["One line.", "New paragraph"]),
        ("List:\n- first\n- second\n  goes on\n2) third", ["List:", "first", "second goes on", "third"]),
        ('She said "Stop." Then she left.', ['She said "Stop."', "Then she left."]),
        ("  \n \n", []),
    ],
)
def test_english_sentences(text, expected):
    assert split_sentences(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("你好。再见！走吗？", ["你好。", "再见！", "走吗？"]),
        ("“你好！”安娜说。她走了。", ["“你好！”", "安娜说。", "她走了。"]),
        ("真的吗？！走。", ["真的吗？！", "走。"]),
        ("（他说。）好。", ["（他说。）", "好。"]),
    ],
)
def test_chinese_sentences(text, expected):
    assert split_sentences(text, "zh") == expected


def test_no_character_of_the_text_is_lost():
    text = 'First, e.g. this one. "Second!" Is it? (Yes.) The end of os.path.'
    assert "".join("".join(split_sentences(text)).split()) == "".join(text.split())
    chinese = "“你好！”安娜说。她有3本书。"
    assert "".join(split_sentences(chinese, "zh")) == chinese


def test_words():
    assert tokenize_words("Don't re-use __init__, it's 3.14!") == [
        "don't", "re-use", "__init__", ",", "it's", "3.14", "!",
    ]  # fmt: skip
    assert tokenize_words("A -- B ... C", lower=False) == ["A", "--", "B", "...", "C"]
    assert tokenize_words("安娜有GPU3块。", "zh", lower=False) == ["安", "娜", "有", "GPU3", "块", "。"]
    assert tokenize_words(" \t ") == []


def test_tokens_hold_every_visible_character():
    sentence = "x = f(a[0], 'b')  # 50% -- done; café naïve, 中文 too"
    assert "".join(tokenize_words(sentence, lower=False)) == "".join(sentence.split())


@pytest.mark.parametrize("function", [split_sentences, tokenize_words])
def test_unknown_language(function):
    with pytest.raises(InvalidInput, match="'fr'; allowed are 'en' and 'zh'"):
        function("Bonjour.", "fr")
