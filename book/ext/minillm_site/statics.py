"""A changed style sheet or picture: Sphinx copies static files only when some page is new."""

import filecmp
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment


def outdated(app: Sphinx, env: BuildEnvironment, added: set[str], changed: set[str], removed: set[str]) -> list[str]:
    """Name every page when a static file of ours is not what the built site has: links carry its checksum."""
    for folder in [Path(app.srcdir, name) for name in app.config.html_static_path if not Path(name).is_absolute()]:
        for file in folder.rglob("*"):
            copy = Path(app.outdir, "_static", file.relative_to(folder))
            if file.is_file() and not (copy.exists() and filecmp.cmp(file, copy, shallow=False)):
                return sorted(env.found_docs)
    return []
