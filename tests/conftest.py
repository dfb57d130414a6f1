"""Settings for the whole suite."""

import gc
import signal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

QUICK = 10  # examples of each property in the quick round; every one of them in the others

settings.register_profile("tocsin", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("quick", settings.get_profile("tocsin"), max_examples=QUICK)
settings.load_profile("tocsin")

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real sample data beside the checkout; the tests that use it are extra."""
    if not SHARED.is_dir():
        pytest.skip("../shared/data is not here: an extra test on more real data is left out")
    return SHARED


def pytest_configure():
    """Where a shell runs us in the background it has us ignore interrupts, and so would all that we start."""
    gc.disable()
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_ignore_collect(collection_path, config):
    """What drives a browser keeps a loop running for as long as its process lives: it has one of its own."""
    if collection_path.name == "browser" and not any("browser" in one for one in config.args):
        return True
    return None


def pytest_collection_finish():
    """What has been collected lives as long as the process: the garbage collector need not look at it again and again."""
    gc.freeze()
    gc.enable()


def pytest_collection_modifyitems(config, items):
    """With --hypothesis-profile=quick a test's own number of examples is no more than the profile's."""
    if config.getoption("--hypothesis-profile") != "quick":
        return
    for item in items:
        own = getattr(getattr(item, "obj", None), "_hypothesis_internal_use_settings", None)
        if own is not None and own.max_examples > QUICK:
            item.obj._hypothesis_internal_use_settings = settings(own, max_examples=QUICK)
