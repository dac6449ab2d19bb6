"""BERT and BART give transformers' logits, the Transformer gives those of torch.nn.Transformer, in float64."""

import re
from dataclasses import replace

import pytest
import torch

from minillm.models import BART, BERT, BARTConfig, BERTConfig, Transformer, TransformerConfig

transformers = pytest.importorskip("transformers")


def randomize(peer):
    torch.manual_seed(1)
    with torch.no_grad():
        for parameter in peer.parameters():
            parameter.copy_(torch.randn_like(parameter) * 0.3 + (0.5 if parameter.dim() == 1 else 0.0))
    return peer.double().eval()


def renamed(state, names, drop=()):
    ours = {}
    for name, value in state.items():
        if name in drop:
            continue
        for pattern, replacement in names:
            name = re.sub(pattern, replacement, name)
        ours[name] = value
    return ours


BERT_NAMES = [
    (r"^bert\.embeddings\.word_embeddings\.", "token_embedding."),
    (r"^bert\.embeddings\.position_embeddings\.", "position_embedding."),
    (r"^bert\.embeddings\.token_type_embeddings\.", "segment_embedding."),
    (r"^bert\.embeddings\.LayerNorm\.", "embedding_norm."),
    (r"^bert\.encoder\.layer\.", "blocks."),
    (r"\.attention\.self\.", ".attention."),
    (r"\.attention\.output\.dense\.", ".attention.output."),
    (r"\.attention\.output\.LayerNorm\.", ".attention_norm."),
    (r"(blocks\.\d+)\.intermediate\.dense\.", r"\1.feedforward.up."),
    (r"(blocks\.\d+)\.output\.dense\.", r"\1.feedforward.down."),
    (r"(blocks\.\d+)\.output\.LayerNorm\.", r"\1.feedforward_norm."),
    (r"^bert\.pooler\.dense\.", "pooler."),
    (r"^cls\.predictions\.transform\.dense\.", "masked.dense."),
    (r"^cls\.predictions\.transform\.LayerNorm\.", "masked.norm."),
    (r"^cls\.predictions\.bias$", "masked.bias"),
    (r"^cls\.seq_relationship\.", "next."),
]


def test_bert_for_pretraining():
    config = transformers.BertConfig(
        vocab_size=61,
        hidden_size=24,
        num_hidden_layers=2,
        num_attention_heads=3,
        intermediate_size=40,
        max_position_embeddings=20,
    )
    peer = randomize(transformers.BertForPreTraining(config))
    model = BERT(BERTConfig(vocab_size=61, context=20, layers=2, heads=3, width=24, ffn_width=40)).double().eval()
    tied = ("cls.predictions.decoder.weight", "cls.predictions.decoder.bias", "bert.embeddings.position_ids")
    model.load_state_dict(renamed(peer.state_dict(), BERT_NAMES, tied))
    ids = torch.randint(0, 61, (2, 11))
    segments = (torch.arange(11) > 5).long().expand(2, -1)
    mask = torch.ones(2, 11, dtype=torch.bool)
    mask[0, 8:] = False
    theirs = peer(ids, attention_mask=mask.long(), token_type_ids=segments)
    ours = model(ids, mask=mask, segments=segments)
    torch.testing.assert_close(ours[mask], theirs.prediction_logits[mask], rtol=0, atol=1e-10)
    judged = model.next_sentence(ids, mask=mask, segments=segments)
    torch.testing.assert_close(judged, theirs.seq_relationship_logits, rtol=0, atol=1e-10)
    assert judged.std() > 1e-2


BART_NAMES = [
    (r"^model\.shared\.", "token_embedding."),
    (r"^model\.(encoder|decoder)\.embed_positions\.", r"\1_positions."),
    (r"^model\.(encoder|decoder)\.layernorm_embedding\.", r"\1_embedding_norm."),
    (r"^model\.(encoder|decoder)\.layers\.", r"\1_blocks."),
    (r"\.self_attn_layer_norm\.", ".attention_norm."),
    (r"\.encoder_attn_layer_norm\.", ".cross_norm."),
    (r"\.final_layer_norm\.", ".feedforward_norm."),
    (r"\.self_attn\.", ".attention."),
    (r"\.encoder_attn\.", ".cross."),
    (r"\.q_proj\.", ".query."),
    (r"\.k_proj\.", ".key."),
    (r"\.v_proj\.", ".value."),
    (r"\.out_proj\.", ".output."),
    (r"\.fc1\.", ".feedforward.up."),
    (r"\.fc2\.", ".feedforward.down."),
    (r"^final_logits_bias$", "output_bias"),
]


@pytest.mark.parametrize("scaled", [False, True])
def test_bart(scaled):
    config = transformers.BartConfig(
        vocab_size=61,
        d_model=24,
        encoder_layers=2,
        decoder_layers=1,
        encoder_attention_heads=3,
        decoder_attention_heads=3,
        encoder_ffn_dim=40,
        decoder_ffn_dim=40,
        max_position_embeddings=20,
        scale_embedding=scaled,
    )
    peer = randomize(transformers.BartForConditionalGeneration(config))
    peer.final_logits_bias.copy_(torch.randn(1, 61))
    ours = BARTConfig(
        vocab_size=61,
        context=20,
        encoder_layers=2,
        decoder_layers=1,
        heads=3,
        width=24,
        ffn_width=40,
        scale_embedding=scaled,
    )
    model = BART(ours).double().eval()
    tied = ("lm_head.weight", "model.encoder.embed_tokens.weight", "model.decoder.embed_tokens.weight")
    state = renamed(peer.state_dict(), BART_NAMES, tied)
    state["output_bias"] = state["output_bias"][0]
    model.load_state_dict(state)
    source, target = torch.randint(0, 61, (2, 9)), torch.randint(0, 61, (2, 7))
    mask = torch.ones(2, 9, dtype=torch.bool)
    mask[1, 4:] = False
    theirs = peer(source, attention_mask=mask.long(), decoder_input_ids=target).logits
    torch.testing.assert_close(model(source, target, source_mask=mask), theirs, rtol=0, atol=1e-10)
    assert theirs.std() > 0.1


TORCH_NAMES = [
    (r"^(encoder|decoder)\.layers\.", r"\1_blocks."),
    (r"^(encoder|decoder)\.norm\.", r"\1_norm."),
    (r"\.self_attn\.", ".attention."),
    (r"\.multihead_attn\.", ".cross."),
    (r"\.out_proj\.", ".output."),
    (r"\.linear1\.", ".feedforward.up."),
    (r"\.linear2\.", ".feedforward.down."),
    (r"(encoder_blocks\.\d+)\.norm1\.", r"\1.attention_norm."),
    (r"(encoder_blocks\.\d+)\.norm2\.", r"\1.feedforward_norm."),
    (r"(decoder_blocks\.\d+)\.norm1\.", r"\1.attention_norm."),
    (r"(decoder_blocks\.\d+)\.norm2\.", r"\1.cross_norm."),
    (r"(decoder_blocks\.\d+)\.norm3\.", r"\1.feedforward_norm."),
]


@pytest.mark.filterwarnings("ignore:enable_nested_tensor")
@pytest.mark.parametrize("norm", ["pre", "post"])
def test_transformer_against_torch(norm):
    peer = torch.nn.Transformer(
        24, 3, 2, 2, 40, dropout=0.0, batch_first=True, norm_first=norm == "pre", layer_norm_eps=1e-6
    )
    if norm == "post":
        peer.encoder.norm = peer.decoder.norm = None
    peer = randomize(peer)
    config = replace(TransformerConfig.tiny(), width=24, heads=3, ffn_width=40, norm=norm)
    model = Transformer(config).double().eval()
    state = {}
    for name, value in renamed(peer.state_dict(), TORCH_NAMES).items():
        if "in_proj" in name:
            for part, piece in zip(("query", "key", "value"), value.chunk(3), strict=True):
                state[name.replace("in_proj_", f"{part}.")] = piece
        else:
            state[name] = value
    missing, extra = model.load_state_dict(state, strict=False)
    assert not extra
    assert sorted(missing) == ["output.bias", "output.weight", "source_embedding.weight", "target_embedding.weight"]
    source, target = torch.randint(0, 64, (2, 9)), torch.randint(0, 64, (2, 7))
    mask = torch.ones(2, 9, dtype=torch.bool)
    mask[1, 4:] = False
    rows = model._embed(source, model.source_embedding, 0, None), model._embed(target, model.target_embedding, 0, None)
    theirs = peer(
        *rows,
        tgt_mask=torch.ones(7, 7).triu(1).bool(),
        src_key_padding_mask=~mask,
        memory_key_padding_mask=~mask,
    )
    torch.testing.assert_close(model.hidden(source, target, source_mask=mask), theirs, rtol=0, atol=1e-10)
