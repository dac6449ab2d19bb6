"""Training: objectives, data in batches, optimizers, schedules, checkpoints, and the loop that puts them together."""

from minillm.training.batches import AllWindows, Batch, Batches, ShuffledWindows, Transformed
from minillm.training.checkpoints import list_checkpoints, load_checkpoint, prune, save_checkpoint
from minillm.training.config import TrainConfig
from minillm.training.evaluation import Evaluation, evaluate
from minillm.training.logs import JsonLines, LiveCurve, Log, ProgressBar, Record, TensorBoard, read_records
from minillm.training.loop import train, update
from minillm.training.masking import SentencePair, join_pairs, mask_tokens, next_sentence_pairs
from minillm.training.muon import Muon, orthogonalize
from minillm.training.noise import (
    Noise,
    compose,
    denoising_batch,
    document_rotation,
    sentence_permutation,
    text_infilling,
    token_deletion,
    token_masking,
)
from minillm.training.objectives import (
    IGNORE,
    Objective,
    causal_loss,
    denoising_loss,
    masked_loss,
    mixed_loss,
    next_sentence_loss,
    predict,
    token_loss,
)
from minillm.training.optimizers import decayed, hidden_matrices, make_optimizers, scale_gradients, set_rates
from minillm.training.packing import concatenate_and_chunk, pack
from minillm.training.run import Diverged, Position, Run
from minillm.training.schedules import cosine, linear, make_schedule, warm_up, wsd
from minillm.training.throughput import flops_per_token, matmul_rate
from minillm.training.token_file import read_tokens, write_tokens

__all__ = [
    "IGNORE",
    "AllWindows",
    "Batch",
    "Batches",
    "Diverged",
    "Evaluation",
    "JsonLines",
    "LiveCurve",
    "Log",
    "Muon",
    "Noise",
    "Objective",
    "Position",
    "ProgressBar",
    "Record",
    "Run",
    "SentencePair",
    "ShuffledWindows",
    "TensorBoard",
    "TrainConfig",
    "Transformed",
    "causal_loss",
    "compose",
    "concatenate_and_chunk",
    "cosine",
    "decayed",
    "denoising_batch",
    "denoising_loss",
    "document_rotation",
    "evaluate",
    "flops_per_token",
    "hidden_matrices",
    "join_pairs",
    "linear",
    "list_checkpoints",
    "load_checkpoint",
    "make_optimizers",
    "make_schedule",
    "mask_tokens",
    "masked_loss",
    "matmul_rate",
    "mixed_loss",
    "next_sentence_loss",
    "next_sentence_pairs",
    "orthogonalize",
    "pack",
    "predict",
    "prune",
    "read_records",
    "read_tokens",
    "save_checkpoint",
    "scale_gradients",
    "sentence_permutation",
    "set_rates",
    "text_infilling",
    "token_deletion",
    "token_loss",
    "token_masking",
    "train",
    "update",
    "warm_up",
    "write_tokens",
    "wsd",
]
