from __future__ import annotations

import pytest

from tests.doctor.matrix import Staged


@pytest.fixture
def staged(request: pytest.FixtureRequest) -> Staged:
    """What the test's mark ``cause`` says that is staged, for the doctor to name."""
    mark = request.node.get_closest_marker("cause")
    assert mark is not None, "a row has the mark cause(id, staged)"
    return Staged(*mark.args)
