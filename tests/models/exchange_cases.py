"""Random small models of transformers, one of every kind that we exchange, for the exchange tests."""

from typing import Any

import torch

LLAMA31 = {
    "rope_type": "llama3",
    "rope_theta": 500000.0,
    "factor": 4.0,
    "low_freq_factor": 1.5,
    "high_freq_factor": 3.0,
    "original_max_position_embeddings": 16,
}
GPT_SIZES = {"vocab_size": 61, "n_positions": 20, "n_embd": 24, "n_layer": 2, "n_head": 3}
BERT_SIZES = {
    "vocab_size": 61,
    "hidden_size": 24,
    "num_hidden_layers": 2,
    "num_attention_heads": 3,
    "intermediate_size": 40,
    "max_position_embeddings": 20,
}
BART_SIZES = {
    "vocab_size": 61,
    "d_model": 24,
    "encoder_layers": 2,
    "decoder_layers": 1,
    "encoder_attention_heads": 3,
    "decoder_attention_heads": 3,
    "encoder_ffn_dim": 40,
    "decoder_ffn_dim": 40,
    "max_position_embeddings": 20,
}
LLAMA_SIZES = {
    "vocab_size": 61,
    "hidden_size": 24,
    "num_hidden_layers": 2,
    "intermediate_size": 40,
    "max_position_embeddings": 32,
    "num_attention_heads": 6,
    "num_key_value_heads": 2,
}
TIED = {"tie_word_embeddings": True}

# Name: our class, configuration class and model class of transformers, settings.
CASES: dict[str, tuple[str, str, str, dict[str, Any]]] = {
    "gpt2": ("GPT", "GPT2Config", "GPT2LMHeadModel", GPT_SIZES),
    "gpt2_untied": (
        "GPT",
        "GPT2Config",
        "GPT2LMHeadModel",
        GPT_SIZES
        | {"tie_word_embeddings": False, "n_inner": 40, "layer_norm_epsilon": 0.01, "activation_function": "gelu"},
    ),
    "bert": ("BERT", "BertConfig", "BertForPreTraining", BERT_SIZES),
    "bert_masked": (
        "BERT",
        "BertConfig",
        "BertForMaskedLM",
        BERT_SIZES | {"layer_norm_eps": 0.01, "type_vocab_size": 3},
    ),
    "bert_bare": ("BERT", "BertConfig", "BertModel", BERT_SIZES),
    "bart": ("BART", "BartConfig", "BartForConditionalGeneration", BART_SIZES),
    "bart_scaled": ("BART", "BartConfig", "BartForConditionalGeneration", BART_SIZES | {"scale_embedding": True}),
    "llama": (
        "Llama",
        "LlamaConfig",
        "LlamaForCausalLM",
        LLAMA_SIZES | {"num_key_value_heads": 6, "rms_norm_eps": 0.01},
    ),
    "llama_6_to_2": ("Llama", "LlamaConfig", "LlamaForCausalLM", LLAMA_SIZES),
    "llama_tied": ("Llama", "LlamaConfig", "LlamaForCausalLM", LLAMA_SIZES | TIED | {"num_key_value_heads": 1}),
    "llama31": ("Llama", "LlamaConfig", "LlamaForCausalLM", LLAMA_SIZES | {"rope_parameters": LLAMA31}),
    "mistral": ("Llama", "MistralConfig", "MistralForCausalLM", LLAMA_SIZES | {"sliding_window": 4, "head_dim": 6}),
    "mistral_open": ("Llama", "MistralConfig", "MistralForCausalLM", LLAMA_SIZES | {"sliding_window": None}),
    "qwen2": (
        "Llama",
        "Qwen2Config",
        "Qwen2ForCausalLM",
        LLAMA_SIZES
        | {
            "num_key_value_heads": 3,
            "rope_parameters": {"rope_type": "default", "rope_theta": 50.0},
            "hidden_act": "gelu",
        },
    ),
    "qwen2_sliding": (
        "Llama",
        "Qwen2Config",
        "Qwen2ForCausalLM",
        LLAMA_SIZES | TIED | {"use_sliding_window": True, "sliding_window": 5, "max_window_layers": 0},
    ),
    "qwen3": ("Llama", "Qwen3Config", "Qwen3ForCausalLM", LLAMA_SIZES | {"head_dim": 10}),
    "qwen3_tied": (
        "Llama",
        "Qwen3Config",
        "Qwen3ForCausalLM",
        LLAMA_SIZES | TIED | {"num_attention_heads": 8, "num_key_value_heads": 1, "head_dim": 10},
    ),
}
DECODERS = [name for name, case in CASES.items() if case[0] in ("GPT", "Llama")]


def build(name: str, seed: int = 0, **changes: Any) -> Any:
    """A random model of transformers without dropout, in evaluation mode; norms and biases are random too."""
    import transformers

    _, config, model, settings = CASES[name]
    dropouts = {
        "gpt2": ("resid_pdrop", "embd_pdrop", "attn_pdrop"),
        "bert": ("hidden_dropout_prob", "attention_probs_dropout_prob"),
        "bart": ("dropout",),
    }.get(name.split("_")[0], ())
    settings = dict.fromkeys(dropouts, 0.0) | settings | changes
    torch.manual_seed(seed)
    # transformers would put in ids of marks that lie beyond these small vocabularies.
    marks = {} if "Bart" in config or "Bert" in config else {"bos_token_id": None, "eos_token_id": None}
    peer = getattr(transformers, model)(getattr(transformers, config)(**settings, **marks))
    with torch.no_grad():
        for parameter in peer.parameters():
            parameter.copy_(torch.randn_like(parameter) * 0.25 + (0.5 if parameter.dim() == 1 else 0.0))
        if hasattr(peer, "final_logits_bias"):
            peer.final_logits_bias.copy_(torch.randn_like(peer.final_logits_bias))
    return peer.eval()
