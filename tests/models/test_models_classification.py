from dataclasses import replace

import pytest
import torch

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
    SequenceClassifier,
    shift_right,
)
from minillm.models.classification import last_real
from minillm.nn import positions_from_mask

MODELS = {
    "gpt": lambda: GPT(GPTConfig.tiny()),
    "llama": lambda: Llama(LlamaConfig.tiny()),
    "bert": lambda: BERT(BERTConfig.tiny()),
    "bart": lambda: BART(BARTConfig.tiny()),
}


@pytest.fixture(params=MODELS)
def classifier(request):
    torch.manual_seed(0)
    return SequenceClassifier(MODELS[request.param](), classes=3).double().eval()


@pytest.fixture
def ids():
    return torch.randint(3, 256, (2, 9), generator=torch.Generator().manual_seed(1))


def test_padding_changes_no_class(classifier, ids):
    mask = torch.ones(2, 9, dtype=torch.bool)
    mask[0, 5:] = False
    logits = classifier(ids, mask=mask)
    assert logits.shape == (2, 3)
    torch.testing.assert_close(logits[:1], classifier(ids[:1, :5]), rtol=0, atol=1e-12)
    torch.testing.assert_close(logits[1:], classifier(ids[1:]), rtol=0, atol=1e-12)
    assert (classifier(ids)[0] - logits[0]).abs().max() > 1e-6


def test_the_class_hangs_on_the_state_that_the_book_names(ids):
    gpt = SequenceClassifier(GPT(GPTConfig.tiny()), 3).eval()
    torch.testing.assert_close(gpt(ids), gpt.model.hidden(ids)[:, -1] @ gpt.classify.weight.T)
    assert gpt.classify.bias is None
    bert = SequenceClassifier(BERT(BERTConfig.tiny()), 3).eval()
    torch.testing.assert_close(bert(ids), bert.classify(bert.model.pool(bert.model.hidden(ids))))
    bart = SequenceClassifier(BART(BARTConfig.tiny()), 3).eval()
    decoded = bart.model.hidden(ids, shift_right(ids, 2))
    torch.testing.assert_close(bart(ids), bart.classify(decoded[:, -1]))


def test_last_real_token_whichever_side_is_padded():
    mask = torch.tensor([[1, 1, 0, 0], [0, 0, 1, 1], [1, 1, 1, 1], [0, 0, 0, 0]]).bool()
    assert last_real(mask).tolist() == [1, 3, 3, 0]


def test_left_padded_llama_classifies_alike(ids):
    classifier = SequenceClassifier(Llama(LlamaConfig.tiny()), 3).double().eval()
    mask = torch.ones(1, 12, dtype=torch.bool)
    mask[:, :3] = False
    padded = torch.cat((torch.zeros(1, 3, dtype=torch.long), ids[:1]), 1)
    assert positions_from_mask(mask)[0, 3] == 0
    # Rotary scores hang on distances alone, so that shifted positions do no harm.
    torch.testing.assert_close(classifier(padded, mask=mask), classifier(ids[:1]), rtol=0, atol=1e-6)


def test_both_losses_come_from_one_pass(ids):
    classifier = SequenceClassifier(GPT(GPTConfig.tiny()), 3).eval()
    classes, tokens = classifier.with_language_model(ids)
    torch.testing.assert_close(classes, classifier(ids))
    torch.testing.assert_close(tokens, classifier.model(ids))


def test_dropout_rests_in_evaluation(ids):
    torch.manual_seed(0)
    classifier = SequenceClassifier(BERT(BERTConfig.tiny()), 3, dropout=0.5)
    assert not torch.equal(classifier(ids), classifier(ids))
    assert torch.equal(classifier.eval()(ids), classifier(ids))


def test_what_makes_no_classifier_is_refused(ids):
    with pytest.raises(InvalidInput, match="classes is 0"):
        SequenceClassifier(GPT(GPTConfig.tiny()), 0)
    with pytest.raises(InvalidInput, match="pooler=True"):
        SequenceClassifier(BERT(replace(BERTConfig.tiny(), pooler=False, nsp_head=False)), 2)
    with pytest.raises(InvalidInput, match="segments are BERT's"):
        SequenceClassifier(GPT(GPTConfig.tiny()), 2)(ids, segments=torch.zeros_like(ids))
