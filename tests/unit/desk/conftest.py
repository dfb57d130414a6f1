"""What several tests of the desk stand on."""

import pytest


@pytest.fixture
def store(tmp_path):
    """Where a desk's store is to be."""
    return str(tmp_path / "store.db")
