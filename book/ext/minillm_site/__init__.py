"""The site's own Sphinx extension: generated pages, and notebooks that run again when what they use changes."""

from typing import Any

from sphinx.application import Sphinx

from minillm_site import api, generated, notebooks, statics


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the parts; called by Sphinx."""
    # Jupyter Book always sets this one, also where the extension that knows it is not loaded.
    app.add_config_value("comments_config", {}, "")
    app.connect("autodoc-skip-member", api.skip_fields)
    app.connect("source-read", generated.fill_in)
    app.connect("env-get-outdated", notebooks.outdated)
    app.connect("env-get-outdated", statics.outdated)
    return {"parallel_read_safe": False, "parallel_write_safe": True}
