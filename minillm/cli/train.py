"""``minillm train``: its options. What it does is in ``training``, which is loaded when it is called."""

from pathlib import Path
from typing import Annotated

import typer

from minillm.cli.answers import answers


@answers
def train(
    more: Annotated[list[Path] | None, typer.Argument(hidden=True)] = None,
    data: Annotated[list[Path] | None, typer.Option(metavar="FILE...", help="Text or .jsonl files.")] = None,
    corpus: Annotated[str, typer.Option(help="docstrings, village, or hub:NAME[:CONFIG].")] = "",
    limit: Annotated[int | None, typer.Option(min=1, help="Rows to take from the hub.")] = None,
    preset: Annotated[str, typer.Option(help="tiny, shakespeare-cpu or gpt2: model, tokenizer and settings.")] = "tiny",
    steps: Annotated[int | None, typer.Option(min=1, help="Updates of the weights.")] = None,
    minutes: Annotated[float | None, typer.Option(help="Time for training, in place of steps.")] = None,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Where model, checkpoints and logs go.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run in --out.")] = False,
    seed: Annotated[int, typer.Option(help="Of weights, order of the data, and dropout.")] = 0,
    device: Annotated[str, typer.Option(help="cpu, cuda, cuda:1; auto takes a GPU if there is one.")] = "auto",
    tensorboard: Annotated[bool, typer.Option("--tensorboard", help="Write logs for TensorBoard, too.")] = False,
) -> None:
    """Train a language model from nothing.

    The last tenth of the text is kept for validation. DIR becomes a model folder in the Hugging Face layout. Ctrl-C
    saves a checkpoint, and --resume goes on from it, or from the last one after a crash.
    """
    from minillm.cli.training import Order, run

    run(
        Order(tuple((data or []) + (more or [])), corpus, limit, preset, steps, minutes, seed),
        out,
        resume,
        device,
        tensorboard,
    )
