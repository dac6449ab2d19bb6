"""The glossary page, from ``book/glossary.yml``."""

from itertools import groupby
from pathlib import Path

import yaml


def page(root: Path) -> tuple[str, list[Path]]:
    """The terms in alphabetical order, each under a heading that links can point to; and the file they come from."""
    file = root / "book" / "glossary.yml"
    terms = sorted(yaml.safe_load(file.read_text(encoding="utf-8")), key=lambda term: term["en"].lower())
    parts = []
    for letter, group in groupby(terms, key=lambda term: term["en"][0].upper()):
        parts.append(f"## {letter}")
        parts += [f"### {term['en']}\n\n{term['zh']}\n: {term['definition']}" for term in group]
    return "\n\n".join(parts), [file]
