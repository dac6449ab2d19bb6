"""Executing what is out of date, side by side, before Sphinx reads it from the cache.

jupyter-cache knows a notebook by its own code alone. A change in the package must run it again as well, so each
notebook's outputs carry a fingerprint of all that they depend on; those that no longer match are dropped.
"""

import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn, JupyterCacheAbstract
from jupyter_cache.executors.utils import ExecutionResult, single_nb_execution
from myst_nb.core.read import create_nb_reader
from nbformat import NotebookNode
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.errors import ExtensionError
from sphinx.util import logging

from minillm_site.dependencies import fingerprint

logger = logging.getLogger(__name__)


def outdated(app: Sphinx, env: BuildEnvironment, added: set[str], changed: set[str], removed: set[str]) -> list[str]:
    """Bring the cache up to date and name the pages whose outputs are new; called by Sphinx before it reads."""
    paths = {name: Path(env.doc2path(name)) for name in env.found_docs if env.doc2path(name).endswith(".ipynb")}
    folder = Path(app.config.nb_execution_cache_path or Path(app.outdir).parent / ".jupyter_cache")
    cache = get_cache(folder if folder.is_absolute() else Path(app.srcdir) / folder)
    record = Path(cache.path) / "fingerprints.json"
    known: dict[str, str] = json.loads(record.read_text()) if record.exists() else {}
    current = {name: fingerprint(path) for name, path in paths.items()}
    books = {name: _read(env, name, path) for name, path in paths.items()}
    stale = sorted(name for name in paths if known.get(name) != current[name] or not _cached(cache, books[name]))
    _run(app, cache, {name: books[name] for name in stale}, paths)
    record.write_text(json.dumps(current, indent=1))
    return stale


def _read(env: BuildEnvironment, name: str, path: Path) -> NotebookNode:
    """The notebook as myst-nb reads it, which is how it will be looked up."""
    reader = create_nb_reader(str(path), env.myst_config, env.mystnb_config, path.read_text(encoding="utf-8"))
    if reader is None:
        raise ExtensionError(f"{name} is not a notebook: {path}")
    return reader.read(path.read_text(encoding="utf-8"))


def _cached(cache: JupyterCacheAbstract, book: NotebookNode) -> bool:
    try:
        cache.match_cache_notebook(book)
    except KeyError:
        return False
    return True


def _run(app: Sphinx, cache: JupyterCacheAbstract, books: dict[str, NotebookNode], paths: dict[str, Path]) -> None:
    """Execute notebooks in parallel, one core each, and put the outputs in the cache."""
    if not books:
        return
    os.environ["MINILLM_STATIC_SITE"] = "1"
    os.environ.setdefault("OMP_NUM_THREADS", "1")

    def execute(name: str) -> ExecutionResult:
        timeout = app.config.nb_execution_timeout
        return single_nb_execution(books[name], cwd=str(paths[name].parent), allow_errors=False, timeout=timeout)

    failed = []
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for name, result in zip(books, pool.map(execute, books), strict=True):
            if result.err is not None:
                failed.append(f"{name}\n{result.exc_string}")
                continue
            logger.info("executed %s in %.1f s", name, result.time)
            seconds = {"execution_seconds": result.time}
            cache.cache_notebook_bundle(
                CacheBundleIn(books[name], str(paths[name]), data=seconds), check_validity=False, overwrite=True
            )
    if failed:
        raise ExtensionError("notebooks that raised an error:\n\n" + "\n\n".join(failed))
