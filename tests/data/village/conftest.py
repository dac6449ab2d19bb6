import pytest

from minillm.data.village import build


@pytest.fixture(scope="session")
def worlds():
    """Worlds enough to meet every kind of event and question."""
    return [build(seed) for seed in range(6)]
