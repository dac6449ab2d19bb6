"""Saving: transformers loads what we save, nothing is lost on the way, and what is not ours is left alone."""

import json
import os
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from exchange_cases import CASES, build
from safetensors.torch import load_file

from minillm.errors import InvalidInput
from minillm.models import (
    BART,
    BERT,
    GPT,
    BARTConfig,
    BERTConfig,
    GPTConfig,
    Llama,
    LlamaConfig,
    Transformer,
    TransformerConfig,
)
from minillm.models.exchange import folders
from minillm.models.pretrained import from_pretrained, save_pretrained, tokenizer_from_pretrained
from minillm.tokenizers import ByteBPE, WordPiece

transformers = pytest.importorskip("transformers")


def same(one: Any, other: Any) -> None:
    """Bit for bit."""
    first, second = one.state_dict(), other.state_dict()
    assert first.keys() == second.keys()
    for name, value in first.items():
        assert torch.equal(value, second[name]), name
        assert value.dtype == second[name].dtype


@pytest.mark.parametrize(
    ("name", "shard_bytes"),
    [*((name, 2**30) for name in CASES), *((name, 8_000) for name in ("gpt2", "bert", "bart", "llama_tied"))],
)
def test_transformers_loads_what_we_save(name: str, shard_bytes: int, tmp_path: Path) -> None:
    peer = build(name)
    peer.save_pretrained(tmp_path / "theirs", max_shard_size=shard_bytes)
    model = from_pretrained(tmp_path / "theirs")
    save_pretrained(model, tmp_path / "ours", max_shard_bytes=shard_bytes)
    assert (len(list((tmp_path / "ours").glob("*.safetensors"))) == 1) is (shard_bytes > 10_000)
    # A Mistral without a window is a Llama.
    kind = transformers.LlamaForCausalLM if name == "mistral_open" else type(peer)
    again, report = kind.from_pretrained(tmp_path / "ours", output_loading_info=True)
    assert not any(report.values()), report
    same(peer, again)
    same(model, from_pretrained(tmp_path / "ours"))
    assert asdict(from_pretrained(tmp_path / "ours").config) == asdict(model.config)
    assert again.config.architectures == [kind.__name__]
    ids = torch.randint(3, 61, (2, 7))
    kept = {"decoder_input_ids": ids} if name.startswith("bart") else {}
    torch.testing.assert_close(again.eval()(ids, **kept)[0], peer(ids, **kept)[0], rtol=0, atol=0)


def test_shards_keep_to_their_size(tmp_path: Path) -> None:
    model = GPT(GPTConfig.tiny())
    save_pretrained(model, tmp_path / "m", max_shard_bytes=30_000)
    files = sorted((tmp_path / "m").glob("model-*.safetensors"))
    assert len(files) > 3
    for file in files:
        tensors = load_file(file)
        assert sum(value.nbytes for value in tensors.values()) <= 30_000 or len(tensors) == 1
    index = json.loads((tmp_path / "m" / "model.safetensors.index.json").read_text())
    assert index["metadata"]["total_size"] == sum(p.nbytes for p in model.parameters())
    same(model, from_pretrained(tmp_path / "m"))


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16, torch.float16])
def test_precision_is_kept_or_chosen(dtype: torch.dtype, tmp_path: Path) -> None:
    model = Llama(LlamaConfig.tiny()).to(dtype)
    save_pretrained(model, tmp_path / "m")
    same(model, from_pretrained(tmp_path / "m"))
    chosen = from_pretrained(tmp_path / "m", dtype=torch.float32)
    same(model.float(), chosen)
    peer = transformers.AutoModelForCausalLM.from_pretrained(tmp_path / "m")
    assert next(peer.parameters()).dtype == dtype
    with pytest.raises(InvalidInput, match="floating-point"):
        from_pretrained(tmp_path / "m", dtype=torch.int64)


def test_mixed_precision_is_read_without_loss(tmp_path: Path) -> None:
    peer = build("llama").to(torch.bfloat16)
    peer.model.norm.float()
    peer.save_pretrained(tmp_path)
    model = from_pretrained(tmp_path)
    assert model.norm.weight.dtype == model.token_embedding.weight.dtype == torch.float32
    assert torch.equal(model.norm.weight, peer.model.norm.weight)


@pytest.mark.parametrize("name", ["gpt2", "wordpiece"])
def test_tokenizer_beside_the_model(name: str, tmp_path: Path) -> None:
    text = "the cat sat on the mat, the other cat sat on the hat"
    if name == "gpt2":
        tokenizer: Any = ByteBPE.train([text], 280, ["<|endoftext|>"])
        model: Any = GPT(replace(GPTConfig.tiny(), vocab_size=tokenizer.vocab_size))
    else:
        tokenizer = WordPiece.train([text], 60)
        model = BERT(replace(BERTConfig.tiny(), vocab_size=tokenizer.vocab_size))
    save_pretrained(model, tmp_path / "m", tokenizer)
    assert tokenizer_from_pretrained(tmp_path / "m").encode(text) == tokenizer.encode(text)
    peer = transformers.AutoTokenizer.from_pretrained(tmp_path / "m")
    assert peer(text)["input_ids"] == tokenizer.encode_pair(text)[0]
    config = transformers.AutoConfig.from_pretrained(tmp_path / "m")
    if name == "gpt2":
        assert config.eos_token_id == peer.eos_token_id == tokenizer.special_ids["<|endoftext|>"]
        generated = transformers.AutoModelForCausalLM.from_pretrained(tmp_path / "m").generate(
            **peer("the cat", return_tensors="pt"), max_new_tokens=3, do_sample=False
        )
        assert generated.shape[1] > 2
    with pytest.raises(InvalidInput, match="do not belong together"):
        save_pretrained(GPT(replace(GPTConfig.tiny(), vocab_size=20)), tmp_path / "n", tokenizer)
    assert sorted(os.listdir(tmp_path)) == ["m"]


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (lambda: GPT(GPTConfig.gpt1().__class__(50, 16, 1, 2, 8, norm="post")), "no norm='post'"),
        (lambda: GPT(GPTConfig(50, 16, 1, 2, 8, activation="squared_relu")), "squared_relu"),
        (lambda: Llama(replace(LlamaConfig.tiny(), parallel=True)), "no parallel=True"),
        (lambda: Llama(replace(LlamaConfig.tiny(), norm="layer")), "no norm='layer'"),
        (lambda: Llama(replace(LlamaConfig.tiny(), positions="alibi")), "no positions='alibi'"),
        (lambda: Llama(replace(LlamaConfig.tiny(), qkv_bias=True, qk_norm=True)), "no qkv_bias=True"),
        (lambda: BART(replace(BARTConfig.tiny(), norm_eps=1e-6)), "no norm_eps=1e-06"),
        (lambda: Transformer(TransformerConfig.tiny()), "Transformer has no published layout"),
    ],
)
def test_what_the_layout_cannot_say_is_refused(model: Any, message: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=message):
        save_pretrained(model(), tmp_path / "m")
    assert os.listdir(tmp_path) == []


def test_changed_models_are_refused(tmp_path: Path) -> None:
    model = GPT(GPTConfig.tiny())
    model.adapter = torch.nn.Linear(2, 2)
    with pytest.raises(InvalidInput, match=r"adapter\.bias is no part of a plain gpt2"):
        save_pretrained(model, tmp_path / "m")
    with torch.device("meta"):
        empty = GPT(GPTConfig.tiny())
    with pytest.raises(InvalidInput, match="meta device"):
        save_pretrained(empty, tmp_path / "m")
    with pytest.raises(InvalidInput, match="max_shard_bytes is 0"):
        save_pretrained(GPT(GPTConfig.tiny()), tmp_path / "m", max_shard_bytes=0)


def test_other_folders_are_left_alone(tmp_path: Path) -> None:
    model = GPT(GPTConfig.tiny())
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "thesis.txt").write_text("ten years")
    with pytest.raises(InvalidInput, match=r"holds thesis\.txt"):
        save_pretrained(model, tmp_path / "notes")
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "config.json").write_text('{"theme": "dark"}')
    with pytest.raises(InvalidInput, match="not the folder of a saved model"):
        save_pretrained(model, tmp_path / "config")
    (tmp_path / "file").write_text("x")
    with pytest.raises(InvalidInput, match="not a folder"):
        save_pretrained(model, tmp_path / "file")
    save_pretrained(model, tmp_path / "model")
    (tmp_path / "link").symlink_to(tmp_path / "model")
    with pytest.raises(InvalidInput, match="not a folder"):
        save_pretrained(model, tmp_path / "link")
    assert (tmp_path / "notes" / "thesis.txt").read_text() == "ten years"
    assert (tmp_path / "config" / "config.json").read_text() == '{"theme": "dark"}'
    assert sorted(os.listdir(tmp_path)) == ["config", "file", "link", "model", "notes"]


def test_saving_again_replaces_the_whole_folder(tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    save_pretrained(GPT(GPTConfig.tiny()), tmp_path / "m", max_shard_bytes=30_000)
    second = GPT(replace(GPTConfig.tiny(), layers=1))
    save_pretrained(second, tmp_path / "m")
    assert sorted(os.listdir(tmp_path / "m")) == ["config.json", "model.safetensors"]
    same(second, from_pretrained(tmp_path / "m"))
    assert os.listdir(tmp_path) == ["m"]


@pytest.mark.parametrize("broken", ["write_shards", "rename"])
def test_a_failure_leaves_the_old_model(broken: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = GPT(GPTConfig.tiny())
    save_pretrained(first, tmp_path / "m")
    calls = []

    def fail(*arguments: Any) -> None:
        calls.append(arguments)
        raise OSError("no space left on device")

    if broken == "rename":
        true = Path.rename
        monkeypatch.setattr(Path, "rename", lambda self, to: fail() if ".new-" in self.name else true(self, to))
    else:
        monkeypatch.setattr(folders, "_flush", fail)
    with pytest.raises(OSError, match="no space"):
        save_pretrained(GPT(GPTConfig.tiny()), tmp_path / "m")
    assert calls
    monkeypatch.undo()
    assert os.listdir(tmp_path) == ["m"]
    same(first, from_pretrained(tmp_path / "m"))


def test_loaded_models_can_be_trained_and_compiled_away(tmp_path: Path) -> None:
    """Loaded weights are parameters with memory of their own: training does not touch the file."""
    save_pretrained(GPT(GPTConfig.tiny()), tmp_path / "m")
    before = (tmp_path / "m" / "model.safetensors").read_bytes()
    model = from_pretrained(tmp_path / "m")
    assert not model.training
    model(torch.zeros(1, 4, dtype=torch.long)).sum().backward()
    torch.optim.SGD(model.parameters(), lr=1.0).step()
    assert (tmp_path / "m" / "model.safetensors").read_bytes() == before
    assert not torch.equal(model.norm.weight, from_pretrained(tmp_path / "m").norm.weight)


@pytest.mark.skipif(os.name != "posix", reason="permissions are POSIX's")
def test_saved_files_have_the_usual_permissions(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("")
    save_pretrained(GPT(GPTConfig.tiny()), tmp_path / "model")
    modes = {file.stat().st_mode for file in (tmp_path / "model").iterdir()}
    assert modes == {(tmp_path / "plain").stat().st_mode}
