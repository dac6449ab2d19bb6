import pytest


@pytest.fixture
def displayed(monkeypatch):
    """What the code under test displays, as a list of MIME bundles."""
    shown = []
    for module in ("figure", "slider"):
        monkeypatch.setattr(f"minillm.viz.{module}.display", lambda data, raw: shown.append(data))
    return shown
