"""A process may open as many files as the system lets it, and keeps some of them back."""

from __future__ import annotations

import resource
import subprocess
import sys

import pytest

from tenfour.gateway.descriptors import RESERVED, left_for_connections

LOW = 256


def test_the_processes_own_limit_is_raised_to_that_of_the_system():
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard <= LOW:
        pytest.skip(f"the system allows no more than {hard} files")
    program = f"import resource; from tenfour.gateway.descriptors import raise_limit; resource.setrlimit(resource.RLIMIT_NOFILE, ({LOW}, {hard})); print(raise_limit())"

    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert int(told.stdout) > LOW


@pytest.mark.parametrize(("limit", "left"), [(1_024, 1_024 - RESERVED), (RESERVED, 1), (10, 1)])
def test_some_are_kept_back_for_what_is_no_connection(limit: int, left: int):
    assert left_for_connections(limit) == left
