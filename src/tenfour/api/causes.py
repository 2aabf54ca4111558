"""``/diagnostics/causes``: the entries of the catalogue of root causes, as ``docs/troubleshooting.md`` has them."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import get
from litestar.params import Parameter

from tenfour.api.description import NOBODY, problems
from tenfour.causes import CAUSES, EXIT_CODES, LAYER_TITLES, SYMPTOM_TITLES
from tenfour.errors import ErrorCode, TenfourError


class CauseEntry(msgspec.Struct):
    """A root cause. The texts are Markdown of one paragraph."""

    id: str
    layer: str
    layer_title: str
    exit_code: int
    """Of ``tenfour doctor``."""
    symptoms: list[str]
    sentence: str
    shows: str
    """How it looks."""
    sure: str
    """How to make sure that it is this and nothing else."""
    fix: str
    codes: list[str]
    """The errors that lead here."""


@get(
    "/diagnostics/causes/{cause:str}",
    summary="A root cause: how it looks, how to make sure, what to do",
    tags=["diagnostics"],
    responses=problems(ErrorCode.NOT_FOUND),
    security=NOBODY,
)
async def show_cause(cause: Annotated[str, Parameter(max_length=80, description="Its id, such as token_expired.")]) -> CauseEntry:
    found = CAUSES.get(cause)
    if found is None:
        raise TenfourError(ErrorCode.NOT_FOUND, f"There is no root cause {cause!r}.")
    symptoms = [SYMPTOM_TITLES[each] for each in found.symptoms]
    return CauseEntry(
        found.id, found.layer.value, LAYER_TITLES[found.layer], EXIT_CODES[found.layer], symptoms, found.sentence, found.shows, found.sure, found.fix, [each.value for each in found.codes]
    )


HANDLERS = [show_cause]
