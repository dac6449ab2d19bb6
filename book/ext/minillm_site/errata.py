"""The errata page, from ``book/errata/*.yml``."""

import re
from itertools import groupby
from pathlib import Path
from typing import Any

import yaml


def page(root: Path) -> tuple[str, list[Path]]:
    """All entries in the order of their numbers, with a count of those that a test proves; and their files."""
    files = sorted((root / "book" / "errata").glob("*.yml"))
    entries = sorted(
        (yaml.safe_load(file.read_text(encoding="utf-8")) for file in files),
        key=lambda entry: (_section(entry), _number(entry)),
    )
    proved = sum(bool(entry.get("test")) for entry in entries)
    parts = [f"There are {len(entries)} entries; {proved} of them are proved by a test that `make test` runs."]
    for section, group in groupby(entries, key=lambda entry: str(entry["section"])):
        parts += [f"## Section {section}", *map(_entry, group)]
    return "\n\n".join(parts), files


def _section(entry: dict[str, Any]) -> list[int]:
    """The section as numbers, so that 2.10 comes after 2.9."""
    return [int(part) for part in re.findall(r"\d+", str(entry["section"]))]


def _number(entry: dict[str, Any]) -> tuple[int, str]:
    number, letter = re.fullmatch(r"e(\d+)(\w*)", entry["id"]).groups()
    return int(number), letter


def _entry(entry: dict[str, Any]) -> str:
    lines = [
        f"### {entry['id'].upper()}",
        f"{entry['where']} (kind: {entry['kind']}; {entry['status']})",
        f"Wrong\n: {_indent(entry['wrong'])}",
        f"Right\n: {_indent(entry['right'])}",
        f"How we know\n: {_indent(entry['how'])}",
    ]
    if entry.get("test"):
        lines.append(f"Proved by\n: `{entry['test']}`")
    if entry.get("notebook"):
        name = Path(entry["notebook"]).stem
        lines.append(f"Shown in\n: [{name}](../{entry['notebook']})")
    return "\n\n".join(lines)


def _indent(text: str) -> str:
    """Text of several lines as one definition."""
    return text.strip().replace("\n", "\n  ")
