"""Pages written from data: a comment such as ``<!-- glossary -->`` in a page is replaced by what its maker writes."""

import re
from pathlib import Path

from sphinx.application import Sphinx

from minillm_site import api, errata, glossary, performance
from minillm_site.dependencies import ROOT

MAKERS = {"api": api.page, "errata": errata.page, "glossary": glossary.page, "performance": performance.page}


def fill_in(app: Sphinx, docname: str, content: list[str]) -> None:
    """Replace the markers of one page; called by Sphinx for every page it reads."""

    def made(match: re.Match[str]) -> str:
        text, sources = MAKERS[match[1]](ROOT)
        for source in sources:
            app.env.note_dependency(str(source))
        return text

    if Path(app.env.doc2path(docname)).parent == ROOT / "book":
        content[0] = re.sub(rf"<!-- ({'|'.join(MAKERS)}) -->", made, content[0])
