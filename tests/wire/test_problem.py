from __future__ import annotations

import json

import pytest

from tenfour.errors import FAILURES, ErrorCode, TenfourError
from tenfour.wire.problem import problem, problem_json


@pytest.mark.parametrize("code", list(ErrorCode))
def test_every_failure_is_a_problem_with_advice(code: ErrorCode) -> None:
    made = problem(TenfourError(code))

    assert (made.status, made.code, made.advice) == (FAILURES[code].status, code.value, FAILURES[code].advice)
    assert made.detail
    assert made.type == f"urn:tenfour:error:{code.value}"


def test_the_detail_says_what_is_particular_and_empty_fields_are_left_out() -> None:
    told = json.loads(problem_json(TenfourError(ErrorCode.RATE_LIMITED, "20 a second.", retry_after_ms=300), "r1"))

    assert (told["detail"], told["retry_after_ms"], told["request_id"]) == ("20 a second.", 300, "r1")
    assert "retry_after_ms" not in json.loads(problem_json(TenfourError(ErrorCode.NOT_FOUND)))
