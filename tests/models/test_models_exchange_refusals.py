"""Loading: what is missing, extra, of another shape, damaged, unknown or unsafe is refused by file and key."""

import json
import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from exchange_cases import LLAMA31
from safetensors.torch import load_file, save_file

from minillm.errors import FormatError, InvalidInput, Unavailable
from minillm.models import BERT, GPT, BERTConfig, GPTConfig, Llama, LlamaConfig
from minillm.models.pretrained import from_pretrained, save_pretrained, tokenizer_from_pretrained


@pytest.fixture
def gpt(tmp_path: Path) -> Path:
    return save_pretrained(GPT(GPTConfig.tiny()), tmp_path / "gpt")


@pytest.fixture
def llama(tmp_path: Path) -> Path:
    return save_pretrained(Llama(LlamaConfig.tiny()), tmp_path / "llama", max_shard_bytes=30_000)


def change_tensors(folder: Path, change: Callable[[dict[str, torch.Tensor]], None]) -> None:
    """Rewrite the weights without checksums, as another program would."""
    path = folder / "model.safetensors"
    tensors = load_file(path)
    change(tensors)
    save_file({name: value.contiguous() for name, value in tensors.items()}, path)


def change_json(path: Path, **changes: Any) -> None:
    tree = json.loads(path.read_text())
    for key, value in changes.items():
        if value is KeyError:
            del tree[key]
        else:
            tree[key] = value
    path.write_text(json.dumps(tree))


QUERY = "transformer.h.1.attn.c_attn.weight"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.pop(QUERY), rf"{QUERY} is missing"),
        (lambda t: t.update(extra=torch.ones(1)), "extra has no place in a gpt2"),
        (
            lambda t: t.update({QUERY: t[QUERY].T}),
            rf"{QUERY} has the shape \[96, 32\], but config.json asks for \[32, 96\]",
        ),
        (lambda t: t.update({QUERY: t[QUERY].long()}), rf"{QUERY} is of type I64; supported: F64"),
        (lambda t: t.update({QUERY: t[QUERY][:, :-1]}), rf"{QUERY} has the shape \[32, 95\]"),
        (lambda t: t.update({"h.1.ln_1.bias": torch.ones(32)}), "are the same tensor of the model"),
        (
            lambda t: t.update({"lm_head.weight": t["transformer.wte.weight"] + 1}),
            "differs from transformer.wte.weight",
        ),
        (lambda t: t.update({"transformer.h.2.ln_1.bias": torch.ones(32)}), r"h\.2\.ln_1\.bias has no place"),
        (lambda t: t.clear(), "layers, but the file holds only 0 tensors"),
    ],
)
def test_tensors(change: Any, message: str, gpt: Path) -> None:
    change_tensors(gpt, change)
    with pytest.raises(FormatError, match=message) as caught:
        from_pretrained(gpt)
    assert str(gpt) in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"12345678", b"\xff" * 100, pickle.dumps({"a": 1})])
def test_files_that_are_no_safetensors(content: bytes, gpt: Path) -> None:
    (gpt / "model.safetensors").write_bytes(content)
    with pytest.raises(FormatError, match=r"model\.safetensors is damaged or no safetensors file"):
        from_pretrained(gpt)


def test_every_cut_file_is_refused(gpt: Path) -> None:
    path = gpt / "model.safetensors"
    whole = path.read_bytes()
    for length in range(0, len(whole), 4999):
        path.write_bytes(whole[:length])
        with pytest.raises(FormatError, match="damaged"):
            from_pretrained(gpt)


def test_a_flipped_bit_is_seen_by_the_checksum(gpt: Path) -> None:
    path = gpt / "model.safetensors"
    data = bytearray(path.read_bytes())
    data[-5] ^= 1
    path.write_bytes(data)
    with pytest.raises(FormatError, match=r"transformer\.\S+ is damaged: its numbers do not fit their checksum"):
        from_pretrained(gpt)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"model_type": "mamba"},
            "'model_type' is 'mamba', which is not supported; supported: gpt2, bert, ",
        ),
        ({"model_type": KeyError}, "'model_type' is missing"),
        (
            {"architectures": ["GPT2ForSequenceClassification"]},
            "'architectures' is .* supported for gpt2: GPT2LM",
        ),
        ({"quantization_config": {"bits": 4}}, "quantized weights are not supported"),
        ({"activation_function": "mish"}, "'activation_function' is \"mish\", which is not supported"),
        ({"scale_attn_by_inverse_layer_idx": True}, "'scale_attn_by_inverse_layer_idx' is true"),
        ({"n_layer": KeyError}, "'n_layer' is missing"),
        ({"n_layer": 3}, r"transformer\.h\.2\.\S+ is missing"),
        ({"n_layer": 1}, r"transformer\.h\.1\.\S+ has no place"),
        ({"n_layer": 10**9}, "it says 1000000000 layers, but the file holds only"),
        ({"n_layer": 2.0}, "'n_layer' is 2.0, not int"),
        ({"n_head": 5}, "width 32 is no multiple of 5 heads"),
        ({"n_head": True}, "'n_head' is true, not int"),
        ({"n_embd": 0}, "'n_embd' is 0"),
        ({"n_embd": 10**15}, "'n_embd' is 1000000000000000, not a number from 1"),
        ({"n_embd": 10**11}, "it says width 100000000000, but the file holds only"),
        ({"vocab_size": 255}, r"wte\.weight has the shape \[256, 32\], but config.json asks for \[255, 32\]"),
        ({"n_positions": 2**40}, r"wpe\.weight has the shape"),
        ({"layer_norm_epsilon": -1.0}, "'layer_norm_epsilon' is -1.0"),
        ({"resid_pdrop": 1.5}, "'resid_pdrop' is 1.5"),
        ({"tie_word_embeddings": False}, r"lm_head\.weight is missing"),
    ],
)
def test_configuration(changes: dict[str, Any], message: str, gpt: Path) -> None:
    change_json(gpt / "config.json", **changes)
    with pytest.raises(FormatError, match=message) as caught:
        from_pretrained(gpt)
    assert str(gpt) in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rope_parameters": {"rope_type": "yarn", "factor": 4.0}}, "rope_parameters: 'rope_type' is \"yarn\""),
        ({"rope_parameters": None, "rope_scaling": {"type": "linear", "factor": 2.0}}, 'rope_scaling: .* "linear"'),
        ({"rope_parameters": {"rope_type": "llama3", "factor": 8.0}}, "'low_freq_factor' is missing"),
        ({"rope_parameters": LLAMA31 | {"low_freq_factor": 3.0}}, "'low_freq_factor' 3.0 must be below"),
        ({"partial_rotary_factor": 0.5}, "'partial_rotary_factor' is 0.5"),
        ({"attention_bias": True}, "'attention_bias' is true"),
        ({"mlp_bias": True}, "'mlp_bias' is true"),
        ({"num_key_value_heads": 3}, "4 heads cannot share 3 key/value heads"),
        ({"num_key_value_heads": 4}, r"k_proj\.weight has the shape \[16, 32\], but config.json asks for \[32, 32\]"),
        ({"head_dim": 7}, "rotary positions need an even width"),
        ({"hidden_act": "xielu"}, "'hidden_act' is \"xielu\""),
    ],
)
def test_llama_configuration(changes: dict[str, Any], message: str, llama: Path) -> None:
    change_json(llama / "config.json", **changes)
    with pytest.raises(FormatError, match=message):
        from_pretrained(llama)


def test_qwens_mixed_layers(tmp_path: Path) -> None:
    config = LlamaConfig(vocab_size=50, context=16, layers=2, heads=2, width=8, qkv_bias=True, window=3)
    folder = save_pretrained(Llama(config), tmp_path / "qwen")
    change_json(folder / "config.json", layer_types=["full_attention", "sliding_attention"])
    with pytest.raises(FormatError, match="sliding attention in some layers only"):
        from_pretrained(folder)
    change_json(folder / "config.json", layer_types=["full_attention"])
    with pytest.raises(FormatError, match="for each of 2 layers"):
        from_pretrained(folder)
    for changes in ({"use_sliding_window": False}, {"sliding_window": None}, {"sliding_window": 0}):
        change_json(folder / "config.json", layer_types=["sliding_attention"] * 2, **changes)
        with pytest.raises(FormatError, match="but the layers slide"):
            from_pretrained(folder)


def test_index(llama: Path) -> None:
    index = llama / "model.safetensors.index.json"
    whole = index.read_text()
    places = json.loads(whole)["weight_map"]
    first = places["model.norm.weight"]
    moved = next(file for file in places.values() if file != first)
    for weight_map, message in (
        (
            places | {"model.norm.weight": moved},
            rf"index\.json says that {moved} holds model\.norm\.weight, but it does not|"
            rf"{first} holds model\.norm\.weight, which",
        ),
        (places | {"new": first}, "holds new, but it does not"),
        (
            {name: file for name, file in places.items() if name != "model.norm.weight"},
            "does not list there|norm.weight is missing",
        ),
        (places | {"model.norm.weight": "../" + first}, "is not the name of a safetensors file beside it"),
        (places | {"model.norm.weight": "pytorch_model.bin"}, "is not the name of a safetensors file beside it"),
        (places | {"model.norm.weight": "model-9.safetensors"}, "names model-9.safetensors, which is not there"),
        (places | {"model.norm.weight": 3}, "3 is not the name"),
        ([], "'weight_map' is \\[\\], not dict"),
    ):
        index.write_text(json.dumps({"weight_map": weight_map}))
        with pytest.raises(FormatError, match=message):
            from_pretrained(llama)
    index.write_text(whole)
    (llama / first).unlink()
    with pytest.raises(FormatError, match=rf"names {first}, which is not there"):
        from_pretrained(llama)


class Bomb:
    """Says so when it is unpickled."""

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return (exec, ("raise SystemExit('unpickled')",))


@pytest.mark.parametrize("name", ["pytorch_model.bin", "model.pt"])
def test_pickles_are_never_opened(name: str, gpt: Path) -> None:
    (gpt / "model.safetensors").unlink()
    with pytest.raises(FormatError, match=r"there is neither model\.safetensors nor"):
        from_pretrained(gpt)
    (gpt / name).write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(FormatError, match=rf"{name} is a pickle, which can run any program"):
        from_pretrained(gpt)


def test_nothing_is_read_before_everything_is_checked(gpt: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from minillm.models.exchange import reading

    def read(stored: Any) -> None:
        raise AssertionError("a tensor was read")

    monkeypatch.setattr(reading, "read_tensor", read)
    change_tensors(gpt, lambda tensors: tensors.pop("transformer.wpe.weight"))
    with pytest.raises(FormatError, match=r"wpe\.weight is missing"):
        from_pretrained(gpt)


def test_old_names_and_leftovers_are_understood(tmp_path: Path) -> None:
    """GPT-2 and BERT on the hub: no prefix, masks as tensors, norms with gamma and beta."""
    model = GPT(GPTConfig.tiny())
    folder = save_pretrained(model, tmp_path / "gpt")

    def old_gpt(tensors: dict[str, torch.Tensor]) -> None:
        for name in list(tensors):
            tensors[name.removeprefix("transformer.")] = tensors.pop(name)
        tensors["h.0.attn.bias"] = torch.ones(1, 1, 64, 64, dtype=torch.uint8)

    change_tensors(folder, old_gpt)
    assert torch.equal(from_pretrained(folder).norm.bias, model.norm.bias)
    bert = BERT(BERTConfig.tiny())
    torch.nn.init.normal_(bert.embedding_norm.weight)
    folder = save_pretrained(bert, tmp_path / "bert")

    def old_bert(tensors: dict[str, torch.Tensor]) -> None:
        for name in list(tensors):
            new = name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta")
            tensors[new] = tensors.pop(name)
        tensors["bert.embeddings.position_ids"] = torch.arange(64)[None]
        tensors["cls.predictions.decoder.weight"] = tensors["bert.embeddings.word_embeddings.weight"].clone()

    change_tensors(folder, old_bert)
    change_json(folder / "config.json", architectures=["BertForMaskedLM"])
    loaded = from_pretrained(folder)
    assert torch.equal(loaded.embedding_norm.weight, bert.embedding_norm.weight)
    assert loaded.config == replace(bert.config, ffn_width=128)


def test_names_that_are_neither_folder_nor_hub(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for name in (tmp_path / "nowhere", tmp_path / "file", "a/b/c", "../up", "-x"):
        with pytest.raises(InvalidInput, match="is no folder"):
            from_pretrained(name)
    with pytest.raises(FormatError, match=r"config\.json: there is no such file"):
        from_pretrained(tmp_path)


def test_the_hub(gpt: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked for by its client, for the needed files only; out of reach is said with what to do."""
    import huggingface_hub

    asked = {}

    def answer(name: str, allow_patterns: list[str]) -> str:
        asked[name] = allow_patterns
        return str(gpt)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", answer)
    assert isinstance(from_pretrained("someone/gpt-tiny"), GPT)
    patterns = asked["someone/gpt-tiny"]
    assert "config.json" in patterns
    assert not any("bin" in pattern or pattern.startswith("*") for pattern in patterns)

    def offline(name: str, allow_patterns: list[str]) -> str:
        raise huggingface_hub.errors.LocalEntryNotFoundError("no network")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", offline)
    for load in (from_pretrained, tokenizer_from_pretrained):
        with pytest.raises(Unavailable, match=r"someone/gpt-tiny is no folder here .* give the folder"):
            load("someone/gpt-tiny")
