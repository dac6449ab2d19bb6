"""tokenizer.json in and out: equal after a round trip, loaded by transformers, and what we lack is named."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tokenizers

from minillm.errors import FormatError
from minillm.tokenizers import ByteBPE, CharacterTokenizer, SpecialToken, Template, Tokenizer, WordPiece, load_tokenizer
from minillm.tokenizers.byte_alphabet import show_bytes
from minillm.tokenizers.tokenizer_json import document


def variants(samples: dict[str, str], bpe: ByteBPE) -> dict[str, Tokenizer]:
    plain = ByteBPE.train(samples.values(), 300)
    bart = [SpecialToken("<s>", 300), SpecialToken("</s>", 301), SpecialToken("<mask>", 302, strip_left=True)]
    shifted = {token: id + 2 for token, id in plain.ids.items()}
    return {
        "bpe": bpe,
        "bart": ByteBPE(plain.ids, plain.merges, "gpt2", bart, Template.bart("<s>", "</s>")),
        "first": ByteBPE(
            shifted, plain.merges, "gpt2", [SpecialToken("<s>", 0), SpecialToken("x y", 1, control=False)]
        ),
        "qwen": ByteBPE(plain.ids, plain.merges, "qwen2", composed=True, whole_words=True),
        "wordpiece": WordPiece.train(samples.values(), 200),
        "cased": WordPiece.train(samples.values(), 200, lowercase=False),
        "characters": CharacterTokenizer.train(samples.values(), ["<|endoftext|>"]),
        "unknown": CharacterTokenizer.train(samples.values(), ["<|endoftext|>"], unknown="<unk>"),
    }


NAMES = ["bpe", "bart", "first", "qwen", "wordpiece", "cased", "characters", "unknown"]


@pytest.mark.parametrize("name", NAMES)
def test_saved_and_loaded_is_the_same(name: str, samples: dict[str, str], bpe: ByteBPE, tmp_path: Path) -> None:
    tokenizer = variants(samples, bpe)[name]
    tokenizer.save(tmp_path / "new")
    again = load_tokenizer(tmp_path / "new")
    assert type(again) is type(tokenizer)
    assert document(again) == document(tokenizer)
    assert type(tokenizer).load(tmp_path / "new").vocab_size == tokenizer.vocab_size
    other = CharacterTokenizer if name not in ("characters", "unknown") else ByteBPE
    with pytest.raises(FormatError, match=f"not a {other.__name__}"):
        other.load(tmp_path / "new")
    peer = tokenizers.Tokenizer.from_file(str(tmp_path / "new" / "tokenizer.json"))
    assert peer.get_vocab_size() == tokenizer.vocab_size
    for text in samples.values():
        ids = tokenizer.encode(text + "<mask>x y", allowed_special="all")
        assert again.encode(text + "<mask>x y", allowed_special="all") == ids
        assert peer.encode(text + "<mask>x y", add_special_tokens=False).ids == ids
        both = peer.encode(text, "x")
        assert tokenizer.encode_pair(text, "x", allowed_special="all") == (both.ids, both.type_ids)


@pytest.mark.parametrize("name", NAMES)
def test_what_the_tokenizers_library_saves_is_read(
    name: str, samples: dict[str, str], bpe: ByteBPE, tmp_path: Path
) -> None:
    tokenizer = variants(samples, bpe)[name]
    tokenizer.save(tmp_path)
    peer = tokenizers.Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    peer.enable_truncation(5)
    peer.enable_padding(length=9)
    peer.save(str(tmp_path / "tokenizer.json"))
    assert document(load_tokenizer(tmp_path)) == document(tokenizer)


@pytest.mark.parametrize("name", NAMES)
def test_transformers_loads_what_we_save(name: str, samples: dict[str, str], bpe: ByteBPE, tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers")
    tokenizer = variants(samples, bpe)[name]
    tokenizer.save(tmp_path)
    peer = transformers.AutoTokenizer.from_pretrained(tmp_path)
    for text in samples.values():
        assert peer(text, add_special_tokens=False)["input_ids"] == tokenizer.encode(text, allowed_special="all")
    if name == "wordpiece":
        assert peer("a b")["input_ids"] == tokenizer.encode_pair("a b")[0]
        assert peer.mask_token == "[MASK]"
        assert peer.pad_token_id == 0
    peer.save_pretrained(tmp_path)
    assert document(load_tokenizer(tmp_path)) == document(tokenizer)


def test_processing_of_bert_and_roberta_is_a_template(tmp_path: Path) -> None:
    base = CharacterTokenizer.train(["ab"], ["<s>", "</s>"])
    for processor, template in (
        (tokenizers.processors.BertProcessing(("</s>", 3), ("<s>", 2)), Template.bert("<s>", "</s>")),
        (tokenizers.processors.RobertaProcessing(("</s>", 3), ("<s>", 2)), Template.bart("<s>", "</s>")),
    ):
        path = base.save(tmp_path)
        peer = tokenizers.Tokenizer.from_file(str(path))
        peer.post_processor = processor
        peer.save(str(path))
        ours = load_tokenizer(tmp_path)
        assert ours.template == template
        both = peer.encode("a", "ba")
        assert ours.encode_pair("a", "ba") == (both.ids, both.type_ids)


@pytest.mark.parametrize("kind", ["GPT2Tokenizer", "BartTokenizer", "Qwen2Tokenizer", "BertTokenizer"])
def test_what_the_classes_of_transformers_save_is_read(kind: str, samples: dict[str, str], tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers")
    if kind == "BertTokenizer":
        pieces = WordPiece.train(samples.values(), 200)
        peer = transformers.BertTokenizer(vocab=pieces.vocabulary | pieces.special_ids)
    else:
        base = ByteBPE.train(samples.values(), 300)
        marks = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"] if kind == "BartTokenizer" else ["<|endoftext|>"]
        vocabulary = base.vocabulary | {mark: len(base.vocabulary) + number for number, mark in enumerate(marks)}
        merges = [(show_bytes(left), show_bytes(right)) for left, right in base.merges]
        peer = getattr(transformers, kind)(vocab=vocabulary, merges=merges)
    peer.save_pretrained(tmp_path)
    ours = load_tokenizer(tmp_path)
    for text in samples.values():
        assert ours.encode_pair(text, allowed_special="all")[0] == peer(text)["input_ids"]


def test_steps_in_a_row_with_one_template(tmp_path: Path) -> None:
    """Llama 3's: ByteLevel, which changes no ids, then the mark of the beginning."""
    path = ByteBPE.train(["low"], 257, ["<|begin_of_text|>"]).save(tmp_path)
    peer = tokenizers.Tokenizer.from_file(str(path))
    begin = tokenizers.processors.TemplateProcessing(
        single="<|begin_of_text|> $A", pair="<|begin_of_text|> $A $B", special_tokens=[("<|begin_of_text|>", 256)]
    )
    peer.post_processor = tokenizers.processors.Sequence([tokenizers.processors.ByteLevel(trim_offsets=True), begin])
    peer.save(str(path))
    assert (
        load_tokenizer(tmp_path).encode_pair("low")[0] == peer.encode("low").ids == [256, *peer.encode("low").ids[1:]]
    )
    peer.post_processor = tokenizers.processors.Sequence([begin, begin])
    peer.save(str(path))
    with pytest.raises(FormatError, match="more than one post-processor"):
        load_tokenizer(tmp_path)


def put(*path: str | int) -> Callable[[Any, Any], None]:
    def change(tree: Any, value: Any) -> None:
        for key in path[:-1]:
            tree = tree[key]
        tree[path[-1]] = value

    return change


@pytest.mark.parametrize(
    ("change", "value", "message"),
    [
        (put("version"), "2.0", "'version' is \"2.0\", which is not supported"),
        (put("model", "type"), "Unigram", '\'type\' is "Unigram", which is not supported; supported: "BPE"'),
        (put("model", "dropout"), 0.1, "model: 'dropout' is 0.1"),
        (put("model", "byte_fallback"), True, "model: 'byte_fallback' is true"),
        (put("model", "continuing_subword_prefix"), "##", "'continuing_subword_prefix'"),
        (put("model", "new_switch"), True, "'new_switch' is not known"),
        (put("model", "vocab", "!"), 1, "same id 1"),
        (put("model", "vocab", "!"), 999, "no token has id 0"),
        (put("model", "vocab", "!"), "0", "the id of '!' is '0'"),
        (put("model", "vocab", "!"), True, "the id of '!' is True"),
        (put("model", "merges", 0), ["Ġ", "nothere"], "is no token"),
        (put("model", "merges", 0), ["a"], "is not two tokens"),
        (put("normalizer"), {"type": "Lowercase"}, "normalizer: 'type' is \"Lowercase\""),
        (put("pre_tokenizer"), {"type": "Metaspace"}, "pre_tokenizer: 'type' is \"Metaspace\""),
        (put("pre_tokenizer"), None, "'pre_tokenizer' is null or missing"),
        (put("pre_tokenizer", "add_prefix_space"), True, "'add_prefix_space' is true"),
        (put("decoder"), {"type": "Fuse"}, "decoder: 'type' is \"Fuse\""),
        (put("post_processor"), {"type": "Other"}, "post_processor: 'type' is \"Other\""),
        (put("added_tokens", 0, "single_word"), True, "added_tokens: 'single_word' is true"),
        (put("added_tokens", 0, "id"), 5, "same id 5|not in the order"),
        (put("added_tokens"), {}, "'added_tokens' is {}, not list"),
    ],
)
def test_what_we_do_not_have_is_named(change: Any, value: Any, message: str, tmp_path: Path) -> None:
    path = ByteBPE.train(["low lower lowest"], 262, ["<|endoftext|>"]).save(tmp_path)
    tree = json.loads(path.read_text())
    change(tree, value)
    path.write_text(json.dumps(tree))
    with pytest.raises(FormatError, match=message) as caught:
        load_tokenizer(tmp_path)
    assert str(path) in str(caught.value)


def test_added_tokens_out_of_order_are_refused(tmp_path: Path) -> None:
    """The library numbers them as they come and not as the file says."""
    path = ByteBPE.train(["low"], 258, ["<a>", "<b>"]).save(tmp_path)
    tree = json.loads(path.read_text())
    tree["added_tokens"].reverse()
    path.write_text(json.dumps(tree))
    assert tokenizers.Tokenizer.from_file(str(path)).encode("<a>").ids != [256]
    with pytest.raises(FormatError, match="not in the order of the ids"):
        load_tokenizer(tmp_path)


@pytest.mark.parametrize("whole", [False, True])
def test_whole_words_need_no_merges(whole: bool, tmp_path: Path) -> None:
    base = ByteBPE.train(["x"], 256)
    tokenizer = ByteBPE(base.ids | {b" whole": 256}, [], whole_words=whole)
    path = tokenizer.save(tmp_path)
    ids = tokenizer.encode("a whole wholes")
    assert (256 in ids) is whole
    assert ids == tokenizers.Tokenizer.from_file(str(path)).encode("a whole wholes").ids


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not valid JSON"),
        (b"\xff", "not valid JSON"),
        (b"[1, 2]", "an object was expected"),
        (b'{"a": NaN}', "NaN is no JSON value"),
        (b'{"a": 1, "a": 2}', "'a' is given twice"),
        (b'{"a": "\\ud800"}', "not valid JSON"),
        (b"[" * 100_000, "nested too deeply"),
        (b"{}", "'version' is missing"),
    ],
)
def test_damaged_files_are_named(content: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_bytes(content)
    with pytest.raises(FormatError, match=message) as caught:
        load_tokenizer(tmp_path)
    assert "tokenizer.json" in str(caught.value)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="there is no such file"):
        load_tokenizer(tmp_path / "nowhere")
    (tmp_path / "tokenizer.json").mkdir()
    with pytest.raises(FormatError, match="cannot be read"):
        load_tokenizer(tmp_path)
