"""``minillm train``, ``generate`` and ``info`` on a text and a model that are done in a moment."""

import json
import os
import signal

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file
from typer.testing import CliRunner

from minillm.cli import build_app, texts
from minillm.data import corpora
from minillm.data.corpus import Corpus, Document
from minillm.models.llama_config import LlamaConfig
from minillm.models.pretrained import from_pretrained, tokenizer_from_pretrained
from minillm.training import TrainConfig, list_checkpoints, read_records, read_tokens
from minillm.training.logs import ProgressBar
from minillm.training.presets import PRESETS, Preset

SENTENCES = [
    f"The {thing} returns {number} values to the {other}. "
    for number in range(40)
    for thing in ("list", "file")
    for other in ("caller", "user")
]


@pytest.fixture(autouse=True)
def small(monkeypatch, tmp_path):
    """The two presets, made small; and a folder to be in."""
    sizes = LlamaConfig(vocab_size=280, context=16, layers=1, heads=2, width=16, ffn_width=32, tied=True, qk_norm=True)
    settings = TrainConfig(
        steps=6, optimizer="muon", learning_rate=0.01, checkpoint_every=2, evaluate_every=3, log_every=1
    )
    monkeypatch.setitem(PRESETS, "tiny", Preset("small", sizes, "bytes", 4, settings, half=False))
    monkeypatch.setitem(PRESETS, "shakespeare-cpu", Preset("small", sizes, "characters", 4, settings, half=False))
    monkeypatch.setattr("minillm.training.matmul_rate", lambda *_: 1e10)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def text(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("".join(SENTENCES), encoding="utf-8")
    return path


def minillm(*arguments):
    return CliRunner().invoke(build_app(), [str(argument) for argument in arguments])


def stopped_at(step, monkeypatch):
    """Ctrl-C comes at a step, once."""
    usual, sent = ProgressBar.__call__, []

    def log(self, record):
        usual(self, record)
        if record.step == step and not sent:
            sent.append(step)
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(ProgressBar, "__call__", log)


def test_a_run_becomes_a_model_folder(text, tmp_path):
    done = minillm("train", "--data", text, "--out", "run")
    assert done.exit_code == 0, done.output
    run = tmp_path / "run"
    for name in ("config.json", "model.safetensors", "tokenizer.json", "run.json", "logs", "checkpoints", "data"):
        assert (run / name).exists(), name
    assert not [path for path in run.iterdir() if path.name.startswith(".")]
    records = read_records(run / "logs" / "train.jsonl")
    assert records[-1].step == 6
    assert f"validation loss {records[-1].validation_loss:.4f}" in done.stdout
    assert "minillm generate run" in done.stdout
    model, tokenizer = from_pretrained(run), tokenizer_from_pretrained(run)
    assert tokenizer.decode(tokenizer.encode("The list")) == "The list"
    assert model.config.vocab_size == tokenizer.vocab_size
    kept = list_checkpoints(run / "checkpoints")[-1]
    assert kept.name == "step-00000006"
    weights = load_file(kept / "model.safetensors")
    assert torch.equal(dict(model.named_parameters())["token_embedding.weight"], weights["token_embedding.weight"])


def test_the_split_is_by_position(text, tmp_path):
    assert minillm("train", "--data", text, "--preset", "shakespeare-cpu", "--out", "run").exit_code == 0
    tokenizer = tokenizer_from_pretrained(tmp_path / "run")
    whole = text.read_text()
    training, _ = read_tokens(tmp_path / "run" / "data" / "training.bin")
    validation, _ = read_tokens(tmp_path / "run" / "data" / "validation.bin")
    assert tokenizer.decode(training.tolist()) == whole[: int(0.9 * len(whole))]
    assert tokenizer.decode(validation.tolist()) == whole[int(0.9 * len(whole)) :]


@given(lengths=st.lists(st.integers(0, 20), max_size=8), share=st.floats(0, 1))
def test_split_loses_nothing(lengths, share):
    documents = ["".join(chr(97 + (number * 7 + i) % 26) for i in range(n)) for number, n in enumerate(lengths)]
    first, second = texts.split(documents, share)
    assert "".join(first) + "".join(second) == "".join(documents)
    assert len("".join(first)) == int(share * sum(lengths))
    assert all(first)
    assert all(second)


def test_documents_end_with_a_mark_and_bpe_learns_from_the_training_part_alone(tmp_path):
    (tmp_path / "a.jsonl").write_text(
        "".join(json.dumps({"text": s}) + "\n" for s in SENTENCES) + '{"text": "' + "QQQQ" * 40 + '"}\n'
    )
    assert minillm("train", "--data", "a.jsonl", "--out", "run").exit_code == 0
    tokenizer = tokenizer_from_pretrained(tmp_path / "run")
    training, _ = read_tokens(tmp_path / "run" / "data" / "training.bin")
    end = tokenizer.special_ids["<|endoftext|>"]
    assert (training == end).sum() > 100
    assert "QQ" not in [tokenizer.token(id) for id in range(tokenizer.vocab_size)]


def test_several_files_follow_the_option(text, tmp_path):
    (tmp_path / "b.txt").write_text("Another file. " * 100)
    done = minillm("train", "--data", text, "b.txt", "--preset", "shakespeare-cpu", "--out", "run")
    assert done.exit_code == 0, done.output
    order = json.loads((tmp_path / "run" / "run.json").read_text())["order"]
    assert order["data"] == [str(text), str(tmp_path / "b.txt")]


def test_corpora_by_name(monkeypatch, tmp_path):
    asked = []
    corpus = Corpus("some", "en", tuple(Document(str(n), s) for n, s in enumerate(SENTENCES)))
    monkeypatch.setattr(corpora, "docstrings", lambda: asked.append("docstrings") or corpus)
    monkeypatch.setattr(corpora, "village", lambda **_: asked.append("village") or corpus)
    monkeypatch.setattr(corpora, "hub", lambda *a, **k: asked.append((a, k)) or corpus)
    for number, name in enumerate(("docstrings", "village", "hub:a/b:c")):
        limit = ["--limit", 9] if name.startswith("hub") else []
        assert minillm("train", "--corpus", name, *limit, "--out", number).exit_code == 0
    assert asked == ["docstrings", "village", (("a/b",), {"config": "c", "limit": 9})]


def test_ctrl_c_saves_and_resume_ends_with_the_same_weights(text, tmp_path, monkeypatch):
    assert minillm("train", "--data", text, "--out", "whole").exit_code == 0
    stopped_at(3, monkeypatch)
    stopped = minillm("train", "--data", text, "--out", "run")
    assert stopped.exit_code == 130
    assert "stopped after 3 steps; go on with: minillm train --resume --out run" in stopped.stdout
    text.unlink()  # the run has its own copy
    done = minillm("train", "--resume", "--out", "run")
    assert done.exit_code == 0, done.output
    for name in ("config.json", "tokenizer.json"):
        assert (tmp_path / "run" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    # Tensor by tensor: the order of the header's entries is not fixed.
    found, wanted = (load_file(tmp_path / name / "model.safetensors") for name in ("run", "whole"))
    assert found.keys() == wanted.keys()
    assert all(torch.equal(found[name], wanted[name]) for name in wanted)


def test_killed_before_the_first_step_it_can_be_resumed(text, tmp_path):
    assert minillm("train", "--data", text, "--out", "run").exit_code == 0
    for path in (tmp_path / "run").iterdir():
        if path.name != "run.json":
            os.system(f"rm -r {path}")
    done = minillm("train", "--resume", "--out", "run")
    assert done.exit_code == 0, done.output
    assert (tmp_path / "run" / "model.safetensors").exists()


def test_a_folder_that_is_not_ours_is_left_alone(text, tmp_path):
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.txt").write_text("years of work")
    for extra in ([], ["--resume"]):
        done = minillm("train", "--data", text, "--out", "mine", *extra)
        assert done.exit_code == 2
        assert "no run of ours" in done.stderr
    assert [(path.name, path.read_text()) for path in mine.iterdir()] == [("thesis.txt", "years of work")]
    (tmp_path / "file").write_text("a file")
    assert "no run of ours" in minillm("train", "--data", text, "--out", "file").stderr
    (tmp_path / "empty").mkdir()
    assert minillm("train", "--data", text, "--out", "empty").exit_code == 0


def test_a_run_is_not_trained_over(text, tmp_path, monkeypatch):
    stopped_at(3, monkeypatch)
    minillm("train", "--data", text, "--out", "run")
    before = sorted(path.name for path in (tmp_path / "run" / "checkpoints").iterdir())
    done = minillm("train", "--data", text, "--out", "run")
    assert done.exit_code == 2
    assert "add --resume" in done.stderr
    other = minillm("train", "--data", text, "--out", "run", "--resume", "--steps", 50)
    assert other.exit_code == 2
    assert "steps=None" in other.stderr
    assert sorted(path.name for path in (tmp_path / "run" / "checkpoints").iterdir()) == before
    assert minillm("train", "--data", text, "--out", "run", "--resume").exit_code == 0  # the same command, and --resume


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "neither is given"),
        (["--data", "text.txt", "--corpus", "village"], "both are given"),
        (["--corpus", "wikipedia"], "docstrings, village, and hub:NAME"),
        (["--data", "nowhere.txt"], "no file nowhere.txt"),
        (["--data", "text.txt", "--steps", 3, "--minutes", 1], "choose one"),
        (["--data", "text.txt", "--minutes", 0], "above 0"),
        (["--data", "text.txt", "--preset", "huge"], "no preset 'huge'"),
        (["--resume"], "no run in run"),
    ],
)
def test_what_cannot_be_done_is_refused_and_leaves_no_folder(text, tmp_path, arguments, words):
    done = minillm("train", *arguments, "--out", "run")
    assert done.exit_code == 2
    assert words in done.stderr
    assert not (tmp_path / "run").exists()


def test_a_folder_is_needed(text):
    assert "--out is missing" in minillm("train", "--data", text).stderr


def test_too_little_text_says_how_much(tmp_path):
    (tmp_path / "text.txt").write_text("Too short.")
    done = minillm("train", "--data", "text.txt", "--out", "run")
    assert done.exit_code == 2
    assert "at least 17 tokens" in done.stderr


def test_a_damaged_mark_is_an_error_of_its_own(text, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "run.json").write_text('{"order": {"what": 1}}')
    done = minillm("train", "--resume", "--out", "run")
    assert done.exit_code == 1
    assert "run.json is damaged" in done.stderr


def test_minutes_end_in_time_with_the_rate_down(text, tmp_path):
    done = minillm("train", "--data", text, "--minutes", 0.02, "--out", "run")
    assert done.exit_code == 0, done.output
    records = read_records(tmp_path / "run" / "logs" / "train.jsonl")
    assert 1.2 <= records[-1].seconds < 4
    assert records[-1].learning_rate < 0.3 * max(record.learning_rate for record in records)


@pytest.fixture
def trained(text):
    assert minillm("train", "--data", text, "--out", "run").exit_code == 0
    return "run"


def test_generate_goes_on_with_the_prompt(trained):
    first = minillm("generate", trained, "The list", "--seed", 1, "-n", 30)
    assert first.exit_code == 0, first.output
    assert first.stdout.startswith("The list")
    assert len(first.stdout) > len("The list") + 5
    assert minillm("generate", trained, "The list", "--seed", 1, "-n", 30, "--stream").stdout == first.stdout
    assert minillm("generate", trained, "The list", "--seed", 2, "-n", 30).stdout != first.stdout
    greedy = [minillm("generate", trained, "The list", "--temperature", 0, "--seed", s).stdout for s in (1, 2)]
    assert greedy[0] == greedy[1]


@pytest.mark.parametrize("wrong", [["--top-p", 1.5], ["--min-p", -1], ["--repetition-penalty", 0]])
def test_generate_refuses_wrong_options(trained, wrong):
    assert minillm("generate", trained, "The list", *wrong).exit_code == 2


def test_a_run_without_a_model_says_so(text, monkeypatch):
    stopped_at(3, monkeypatch)
    monkeypatch.setattr("minillm.cli.training.publish", lambda *_: None)
    minillm("train", "--data", text, "--out", "run")
    for command in (["generate", "run", "The"], ["info", "run"]):
        done = minillm(*command)
        assert done.exit_code == 2
        assert "has no model yet" in done.stderr


def test_info_counts_what_is_there(trained, tmp_path):
    done = minillm("info", trained)
    assert done.exit_code == 0, done.output
    size = sum(parameter.numel() for parameter in from_pretrained(tmp_path / "run").parameters())
    assert f"Llama: {size:,} parameters, context 16" in done.stdout


@pytest.mark.parametrize(("name", "size"), [("gpt2", 124_439_808), ("llama-7b", 6_738_415_616), ("bert-base", None)])
def test_info_knows_published_models(name, size):
    done = minillm("info", name)
    assert done.exit_code == 0, done.output
    assert size is None or f"{size:,} parameters" in done.stdout
    for word in ("attention", "feed-forward", "FLOP", "with AdamW"):
        assert word in done.stdout


def test_info_lists_what_there_is():
    done = minillm("info", "nothing")
    assert done.exit_code == 2
    assert "shakespeare-cpu" in done.stderr
    assert "llama-7b" in done.stderr
