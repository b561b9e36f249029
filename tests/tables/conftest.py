import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def data_folder():
    """The folder with the published tables; what needs it is skipped without it."""
    named = os.environ.get("ZCNAS_DATA")
    if not named:
        pytest.skip("ZCNAS_DATA names no folder with the published tables")
    return Path(named)
