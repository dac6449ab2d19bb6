"""Texts and small trained tokenizers that several tests share."""

import pytest

from minillm.tokenizers import ByteBPE, CharacterTokenizer, WordPiece

ENGLISH = (
    "The quick brown fox doesn't jump; it's the lazy dog who'll run.  They've seen 1234 foxes, we'd say 56,789.0!\n"
    "Tokenizers tokenize tokens: tokenization, tokenized, tokenizer, lower, lowest, slower, slowest, high, highest.\n"
)
CHINESE = (
    "大规模语言模型是一种由包含数百亿以上参数的深度神经网络构建的语言模型。模型的训练需要大量的数据，模型越大越好。\n"
)
EMOJI = (
    "Hello 👋🏽 world 🌍! Family: 👨\u200d👩\u200d👧\u200d👦, flag: 🇨🇳, "
    "heart: ❤\ufe0f, e\u0301 and é, ﬁ, ½, Ⅷ, ٣.\r\n\r\n"
    "\t x\u00a0y\u3000z \u200b.\n"
)
CODE = (
    "def f(x: int) -> int:\n    return x  # it's 100% fine\n\n"
    '\tif (a[0] != b->c) { printf("%d\\n", a << 2); }\r\n    \n'
)
SPECIAL = "A <|endoftext|> inside, [CLS] too, [MASK]ed [UNK] [PAD]<s></s>.\n"
SAMPLES = {"english": ENGLISH, "chinese": CHINESE, "emoji": EMOJI, "code": CODE, "special": SPECIAL}


@pytest.fixture(scope="session")
def samples() -> dict[str, str]:
    return SAMPLES


@pytest.fixture(scope="session", params=["gpt2", "llama3", "qwen2"])
def bpe(request: pytest.FixtureRequest) -> ByteBPE:
    return ByteBPE.train(SAMPLES.values(), 400, ["<|endoftext|>", "<|pad|>"], pattern=request.param)


@pytest.fixture(scope="session")
def wordpiece() -> WordPiece:
    return WordPiece.train(SAMPLES.values(), 300)


@pytest.fixture(scope="session")
def characters() -> CharacterTokenizer:
    return CharacterTokenizer.train(SAMPLES.values(), ["<|endoftext|>"], unknown="<unk>")
