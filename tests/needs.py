"""Tools beside Python that some tests need: skipped by name where one is missing, failed where all are required."""

from __future__ import annotations

import os
import shutil

import pytest


def need(tool: str) -> str:
    """Where the tool is. ``make test-tools`` installs them; ``TENFOUR_REQUIRE_ALL=1`` makes a missing one a failure."""
    found = shutil.which(tool)
    if found is not None:
        return found
    reason = f"{tool} is not installed; 'make test-tools' installs it"
    if os.environ.get("TENFOUR_REQUIRE_ALL"):
        pytest.fail(reason)
    pytest.skip(reason)
