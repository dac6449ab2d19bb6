"""The performance page, from ``benchmarks/results/*.json``."""

import json
from pathlib import Path
from typing import Any

from minillm.viz.tables import markdown_table


def page(root: Path) -> tuple[str, list[Path]]:
    """One section a recorded run: the command, the machine, the figures beside the peer's; and the files."""
    files = sorted((root / "benchmarks" / "results").glob("*.json"))
    return "\n\n".join(_run(json.loads(file.read_text(encoding="utf-8"))) for file in files), files


def _run(run: dict[str, Any]) -> str:
    machine = ", ".join(f"{name} {value}" for name, value in run["machine"].items())
    notes = "\n".join(f"- {note}" for note in run.get("notes", []))
    command = f"Command, run on {run['date']}: `{run['command']}`. Machine: {machine}."
    return f"## {run['title']}\n\n{command}\n\n{markdown_table(run['rows'])}\n\n{notes}"
