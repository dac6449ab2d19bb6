"""Language models, from the feed-forward network of 2003 (:mod:`minillm.models.early`) to LLaMA.

One calling convention for all Transformers::

    logits = model(ids)                                  # (batch, time) ids -> (batch, time, vocab) logits
    logits = model(ids, mask=mask)                       # (batch, keys), True = real token, False = padding
    logits = model(ids, mask=mask, positions=positions)  # (batch, time); default: cache.length + 0, 1, 2 ...

    cache = model.new_cache(batch, length)               # room for `length` positions
    logits = model(ids, cache=cache)                     # ids and logits are those of the new tokens only
    logits = model(ids, cache=cache, last=True)          # (batch, 1, vocab): the last position only

    trace = Trace()
    model(ids, trace=trace)                              # trace.hidden (L + 1), trace.attention (L), trace.cross

    hidden = model.hidden(ids)                           # (batch, time, width)
    logits = model.head(hidden)

Encoder-decoders take ``model(source, target, source_mask=..., mask=..., cache=...)``; for decoding,
``memory = model.encode(source, source_mask=...)`` is computed once and given as ``memory=``, with ``source`` None.

Published checkpoints: ``from_pretrained(folder_or_hub_id)``, ``tokenizer_from_pretrained(...)`` and
``save_pretrained(model, folder, tokenizer)``.
"""

from minillm.models.bart import BART, BARTConfig, shift_right
from minillm.models.bert import BERT, BERTConfig
from minillm.models.classification import SequenceClassifier
from minillm.models.gpt import GPT, GPTConfig
from minillm.models.llama import Llama
from minillm.models.llama_config import LlamaConfig
from minillm.models.pretrained import from_pretrained, save_pretrained, tokenizer_from_pretrained
from minillm.models.transformer import Transformer
from minillm.models.transformer_config import TransformerConfig
from minillm.models.translation import greedy_translate

__all__ = [
    "BART",
    "BERT",
    "GPT",
    "BARTConfig",
    "BERTConfig",
    "GPTConfig",
    "Llama",
    "LlamaConfig",
    "SequenceClassifier",
    "Transformer",
    "TransformerConfig",
    "from_pretrained",
    "greedy_translate",
    "save_pretrained",
    "shift_right",
    "tokenizer_from_pretrained",
]
