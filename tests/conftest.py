"""Settings for the whole suite."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("tocsin", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tocsin")

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real sample data beside the checkout; the tests that use it are extra."""
    if not SHARED.is_dir():
        pytest.skip("../shared/data is not here: an extra test on more real data is left out")
    return SHARED


def pytest_ignore_collect(collection_path, config):
    """What drives a browser keeps a loop running for as long as its process lives: it has one of its own."""
    if collection_path.name == "browser" and not any("browser" in one for one in config.args):
        return True
    return None
