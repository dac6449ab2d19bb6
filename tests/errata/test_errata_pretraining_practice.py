"""Errata of the book's section 2.3.4 (pre-training with Hugging Face), against the libraries as they are installed."""

import inspect
import json
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import torch

from minillm.errors import InvalidInput
from minillm.training import IGNORE, concatenate_and_chunk, mask_tokens

if TYPE_CHECKING:
    from tokenizers import BertWordPieceTokenizer

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "<S>", "<T>"]
TEXT = "the high priest saw the highest tower and the lowest "
LONGEST = 8


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


def trained() -> "BertWordPieceTokenizer":
    """A tokenizer made as the book makes its own, on one sentence."""
    from tokenizers import BertWordPieceTokenizer

    tokenizer = BertWordPieceTokenizer()
    tokenizer.train_from_iterator([TEXT] * 5, vocab_size=60, special_tokens=SPECIAL, show_progress=False)
    tokenizer.enable_truncation(max_length=LONGEST)
    return tokenizer


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """Its vocabulary in a folder, with the settings under the name that the book gives them."""
    trained().save_model(str(tmp_path))
    settings = {"do_lower_case": True, "model_max_length": LONGEST, "max_len": LONGEST}
    (tmp_path / "config.json").write_text(json.dumps(settings))
    return tmp_path


def test_e25_scripts_are_not_run_any_more(tmp_path: Path) -> None:
    import datasets

    script = tmp_path / "wikipedia" / "wikipedia.py"
    script.parent.mkdir()
    script.write_text("import datasets\n")
    with pytest.raises(RuntimeError, match="scripts are no longer supported"):
        datasets.load_dataset(str(script.parent), "20230601.en", cache_dir=str(tmp_path / "cache"))
    datasets.Dataset.from_dict({"text": ["one", "two"]}).to_parquet(tmp_path / "part.parquet")
    loaded = datasets.load_dataset(
        "parquet", data_files=str(tmp_path / "part.parquet"), split="train", cache_dir=str(tmp_path / "cache")
    )
    assert loaded["text"][:] == ["one", "two"]


def test_e26_the_trainer_is_in_tokenizers() -> None:
    with pytest.raises(ImportError, match="BertWordPieceTokenizer"):
        from transformers import BertWordPieceTokenizer
    from tokenizers import BertWordPieceTokenizer

    assert BertWordPieceTokenizer().get_vocab_size() == 0


def test_e27a_settings_stand_in_tokenizer_config(saved: Path) -> None:
    from transformers import BertTokenizerFast

    assert BertTokenizerFast.from_pretrained(saved).model_max_length > 1e29
    (saved / "config.json").rename(saved / "tokenizer_config.json")
    assert BertTokenizerFast.from_pretrained(saved).model_max_length == LONGEST


def test_e27b_special_tokens_need_more_than_the_vocabulary(saved: Path) -> None:
    from transformers import BertTokenizerFast, PreTrainedTokenizerFast

    text = "<S> the high <T>"
    assert trained().encode(text).tokens == ["<S>", "the", "high", "<T>"]
    pieces = BertTokenizerFast.from_pretrained(saved).tokenize(text)
    assert "<S>" not in pieces
    assert pieces[:3] == ["[UNK]", "s", "[UNK]"], "taken apart at the brackets, and lower-cased"
    trained().save(str(saved / "tokenizer.json"))
    kept = PreTrainedTokenizerFast(tokenizer_file=str(saved / "tokenizer.json"))
    assert kept.tokenize(text) == ["<S>", "the", "high", "<T>"]


def test_e27c_truncation_is_not_saved_with_the_vocabulary(saved: Path) -> None:
    from transformers import BertTokenizerFast

    assert len(trained().encode(TEXT * 4).ids) == LONGEST
    tokenizer = BertTokenizerFast.from_pretrained(saved)
    assert tokenizer.backend_tokenizer.truncation is None
    assert len(tokenizer(TEXT * 4)["input_ids"]) > 4 * LONGEST
    assert len(tokenizer(TEXT * 4, truncation=True, max_length=LONGEST)["input_ids"]) == LONGEST


def test_e27d_modules_are_imported() -> None:
    line = 'text = json.dumps({"path": os.path.join("pretrained-bert", "config.json")})'
    with pytest.raises(NameError, match="json"):
        exec(line, {})
    exec(f"import json, os\n{line}", {})


def test_e28_a_dictionary_stands_in_braces() -> None:
    with pytest.raises(SyntaxError):
        compile("[name: len(column) for name, column in columns.items()]", "listing", "eval")
    code = compile("{name: len(column) for name, column in columns.items()}", "corrected", "eval")
    assert eval(code, {"columns": {"input_ids": [[1], [2]]}}) == {"input_ids": 2}


def printed_grouping(columns: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """As the book groups, its brackets set right: the first column tells how long all of them are."""
    joined = {name: list(chain(*column)) for name, column in columns.items()}
    total = len(joined[next(iter(columns))]) // LONGEST * LONGEST
    return {name: [row[i : i + LONGEST] for i in range(0, total, LONGEST)] for name, row in joined.items()}


def test_e29_characters_are_no_tokens() -> None:
    import datasets

    datasets.disable_progress_bars()
    text = "the cat sat on the mat and looked at the moon"
    ids = [2, *range(5, 16), 3]
    encoded = datasets.Dataset.from_dict(
        {"text": [text] * 10, "input_ids": [ids] * 10, "special_tokens_mask": [[1] + [0] * 11 + [1]] * 10}
    )
    encoded.set_format(columns=["input_ids", "special_tokens_mask"])

    def rows(grouped: Any) -> list[list[int]]:
        grouped.set_format(None)
        return grouped["input_ids"][:]

    # The format hides the text from whoever reads a row, not from map: 450 characters make 56 rows of 8, and the
    # 130 tokens fill 16 of them. Removing the column in the same call comes too late.
    for options in ({}, {"remove_columns": ["text"]}):
        printed = rows(encoded.map(printed_grouping, batched=True, **options))
        assert (len(printed), sum(not row for row in printed)) == (56, 39)
    right = rows(encoded.remove_columns("text").map(concatenate_and_chunk, batched=True, fn_kwargs={"length": LONGEST}))
    assert [len(row) for row in right] == [LONGEST] * 16
    assert list(chain(*right)) == (ids * 10)[:128]
    with pytest.raises(InvalidInput, match="remove the column"):
        concatenate_and_chunk(encoded.with_format(None)[:], LONGEST)


def test_e30_fifteen_percent_is_the_default() -> None:
    from transformers import DataCollatorForLanguageModeling

    assert inspect.signature(DataCollatorForLanguageModeling).parameters["mlm_probability"].default == 0.15
    ids = torch.arange(5, 10_005)
    shares = []
    for options in ({}, {"rate": 0.2}):
        _, labels = mask_tokens(ids, torch.Generator().manual_seed(0), mask_id=4, vocab_size=10_005, **options)
        shares.append(float((labels != IGNORE).float().mean()))
    assert shares == [pytest.approx(0.15, abs=0.015), pytest.approx(0.2, abs=0.015)]


@pytest.mark.parametrize(("old", "value"), [("evaluation_strategy", "steps"), ("overwrite_output_dir", True)])
def test_e31_arguments_that_are_gone(old: str, value: Any) -> None:
    from transformers import TrainingArguments

    with pytest.raises(TypeError, match=old):
        TrainingArguments(output_dir="pretrained-bert", **{old: value})
    arguments = inspect.signature(TrainingArguments).parameters
    assert old not in arguments
    assert {"eval_strategy", "save_steps", "load_best_model_at_end"} <= set(arguments)
