"""Makes the reference pages from the code that they describe, or says with --check which are stale.

Exit code 1 with one line for each stale page.
"""

from __future__ import annotations

import json
import sys
import types
import typing
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import Field
from pathlib import Path
from typing import Any

import click
import msgspec
from troubleshooting import troubleshooting_page

from tenfour.causes import CAUSE_OF, CAUSES, Symptom
from tenfour.cli.main import main as main_command
from tenfour.errors import CLOSE_CODES, FAILURES, ErrorCode, Retry
from tenfour.observe.metrics import described
from tenfour.settings import ALGORITHMS, EXTERNAL_KEYS, NOT_SETTINGS, PREFIX, setting_default, setting_fields
from tenfour.wire import frames

HERE = Path(__file__).resolve().parent.parent
FOLDER = HERE / "docs"

RETRIES = {
    Retry.NEVER: "The same thing again gets the same answer.",
    Retry.AFTER_DELAY: "Again after `retry_after_ms`, `after_ms` or `Retry-After`; a message with the same key.",
    Retry.WITH_NEW_TOKEN: "Again once, with a new token.",
    Retry.AT_ONCE: "Again without waiting.",
}
EXTERNAL_MEANINGS = {
    "issuer": "The `iss` of its tokens. Needed.",
    "algorithm": f"How its tokens are signed: one of {', '.join(ALGORITHMS)}. Needed.",
    "secret": "The shared secret, for HS256.",
    "key": "Path of the PEM file with the public key.",
    "jwks_url": "Where its public keys are; read again when a token names an unknown one.",
    "audience": "The `aud` that its tokens have to have.",
    "id_claim": "The claim with the user's id in the product; `sub` if left out.",
    "name_claim": "The claim with the name to show; `name` if left out.",
}
HELP_WIDTH = 110
EXTERNAL_EXAMPLE = {"issuer": "https://shop.example.org", "algorithm": "RS256", "jwks_url": "https://shop.example.org/jwks.json", "audience": "chat"}


def main(arguments: Sequence[str]) -> int:
    pages = {
        "troubleshooting.md": troubleshooting_page(),
        "reference/settings.md": settings_page(),
        "reference/errors.md": errors_page(),
        "reference/frames.md": frames_page(),
        "reference/metrics.md": metrics_page(),
        "reference/commands.md": commands_page(),
    }
    if "--check" not in arguments:
        (FOLDER / "reference").mkdir(parents=True, exist_ok=True)
        for name, text in pages.items():
            (FOLDER / name).write_text(text, encoding="utf-8")
        return 0
    stale = stale_pages(FOLDER, pages)
    print("\n".join(f"docs/{name} is stale: run make docs" for name in stale) or "documents: the pages made from the code are current")
    return 1 if stale else 0


def stale_pages(folder: Path, pages: Mapping[str, str]) -> list[str]:
    """The pages that are missing or say something else."""
    return [name for name, text in pages.items() if not (folder / name).is_file() or (folder / name).read_text(encoding="utf-8") != text]


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines) + "\n"


# Settings


def settings_page() -> str:
    rows = [(f"`{name}`", f"`{PREFIX}{name.upper()}`", _type_of(setting), _default_of(setting), _meaning_of(setting)) for name, setting in setting_fields().items()]
    toml = "\n".join(f"{name} = {json.dumps(value)}" for name, value in EXTERNAL_EXAMPLE.items())
    return f"""# Settings

Made from `src/tenfour/settings.py` by `make docs`.

Read in this order, the later wins: defaults, a TOML file (`tenfour.toml` in the working directory, or what `TENFOUR_CONFIG` names), the
environment, the command line. What is wrong is refused at start, by name. In the environment a list is joined by commas, and `external` is JSON.

{table(("setting", "environment", "type", "default", "meaning"), rows)}
## Tokens of other issuers

Each table of `external` is one issuer whose tokens are taken; exactly one of `secret`, `key` and `jwks_url` says how they are checked.

{table(("field", "meaning"), [(f"`{name}`", EXTERNAL_MEANINGS[name]) for name in EXTERNAL_KEYS])}
```toml
[[external]]
{toml}
```

    {PREFIX}EXTERNAL='{json.dumps([EXTERNAL_EXAMPLE])}'

## Names that are no settings

These begin with `{PREFIX}` too; every other name that does is refused at start.

{table(("environment", "meaning"), [(f"`{name}`", meaning) for name, meaning in NOT_SETTINGS.items()])}"""


def _type_of(setting: Field[Any]) -> str:
    kind = _kind_of(setting)
    allowed, minimum, maximum = (setting.metadata[name] for name in ("one_of", "minimum", "maximum"))
    if allowed:
        return "one of " + ", ".join(f"`{each}`" for each in allowed)
    if minimum is not None and maximum is not None:
        return f"{kind}, {minimum:.12g} to {maximum:.12g}"
    return f"{kind}, {minimum:.12g} or more" if minimum is not None else kind


def _kind_of(setting: Field[Any]) -> str:
    match setting_default(setting):
        case bool():
            return "true or false"
        case int():
            return "whole number"
        case float():
            return "number"
        case tuple():
            return "list of tables" if setting.name == "external" else "list of texts"
        case Path():
            return "path"
    return "text"


def _default_of(setting: Field[Any]) -> str:
    default = setting_default(setting)
    if default in ("", ()):
        return "empty"
    if isinstance(default, bool):
        return "`true`" if default else "`false`"
    return f"`{default:g}`" if isinstance(default, float) else f"`{default}`"


def _meaning_of(setting: Field[Any]) -> str:
    return setting.metadata["meaning"] + (" Secret: never logged or shown." if setting.metadata["secret"] else "")


# Errors


def errors_page() -> str:
    rows = [(_named(code), str(each.status), str(each.close), f"`{each.retry}`", each.title + ".", each.advice) for code, each in FAILURES.items()]
    return f"""# Errors

Made from `src/tenfour/errors.py` by `make docs`.

Every failure has one code, the same wherever it is met: `code` of a problem+json body (HTTP), `code` of an `error` frame, the word before the
colon in the reason of a close frame, and `code=` in the log. The HTTP status and the close code of a row hold where the failure is told
that way: most refusals on an open connection are an `error` frame and close nothing.

A code that refuses or ends connections leads to its cause in [troubleshooting](../troubleshooting.md): how to make sure, and what to do.

## Whether to try again

{table(("retry", "meaning"), [(f"`{retry}`", RETRIES[retry]) for retry in Retry])}
## Close codes

{table(("close code", "what it means, and what a client does", "causes"), [(str(code), meaning, _causes_of(code)) for code, meaning in CLOSE_CODES.items()])}
## Codes

{table(("code", "HTTP", "close", "retry", "what happened", "what to do"), rows)}"""


def _named(code: ErrorCode) -> str:
    cause = CAUSE_OF.get(code)
    return f"`{code}`" if cause is None else f"[`{code}`](../troubleshooting.md#{cause.id})"


def _causes_of(close: int) -> str:
    """The causes that a connection can end with by this code; what is refused before the handshake is told by HTTP."""
    ends = [cause for cause in CAUSES.values() if {Symptom.CLOSED, Symptom.DROPS} & set(cause.symptoms)]
    found = [cause.id for cause in ends if close in cause.foreign_closes or any(FAILURES[code].close == close for code in cause.codes)]
    return ", ".join(f"[{each}](../troubleshooting.md#{each})" for each in found)


# Frames


def frames_page() -> str:
    return f"""# Frames

Made from `src/tenfour/wire/frames.py` by `make docs`. What they mean is in [protocol/README.md](../../protocol/README.md).

A field with a default may be left out by the sender. A field that is not listed is ignored.

## From the client

{_frame_table(frames.ClientFrame)}
## From the server

{_frame_table(_without(frames.ServerFrame, frames.EventFrame))}
## Durable events, from the server

{_frame_table(frames.EventFrame)}
## Objects within frames

{table(("object", "fields"), [(kind.__name__, _fields_of(kind)) for kind in (frames.UserFace, frames.ChatHead, frames.Limits)])}"""


def metrics_page() -> str:
    return f"""# Metrics

Made from `src/tenfour/observe/metrics.py` by `make docs`.

`GET /metrics` gives them in Prometheus' text format, to this machine or to who brings `TENFOUR_METRICS_TOKEN` as a bearer. `code` is a
code of [errors.md](errors.md).

{table(("metric", "type", "meaning"), [(f"`{name}`", kind, meaning) for name, kind, meaning in described()])}"""


# Commands


def commands_page() -> str:
    found = [f"## {ctx.command_path}\n\n```\n{help_text}\n```\n" for ctx, help_text in _helps(main_command, None)]
    return "# Commands\n\nMade from `src/tenfour/cli` by `make docs`: what `--help` says of each.\n\n" + "\n".join(found)


def _helps(command: click.Command, parent: click.Context | None) -> Iterable[tuple[click.Context, str]]:
    """The help of a command and of those below it."""
    ctx = click.Context(command, parent, "tenfour" if parent is None else command.name, terminal_width=HELP_WIDTH, max_content_width=HELP_WIDTH, help_option_names=["-h", "--help"])
    yield ctx, "\n".join(line.rstrip() for line in command.get_help(ctx).splitlines())
    if isinstance(command, click.Group):
        for name in command.list_commands(ctx):
            below = command.get_command(ctx, name)
            assert below is not None
            yield from _helps(below, ctx)


def _without(union: Any, others: Any) -> list[type[frames.Frame]]:
    return [each for each in typing.get_args(union) if each not in typing.get_args(others)]


def _frame_table(kinds: Any) -> str:
    found = kinds if isinstance(kinds, list) else typing.get_args(kinds)
    return table(("type", "fields"), [(f"`{each.__struct_config__.tag}`", _fields_of(each)) for each in found])


def _fields_of(kind: type[msgspec.Struct]) -> str:
    hints = typing.get_type_hints(kind)
    left_out = kind.__struct_config__.omit_defaults
    return ", ".join(_field(each, _json_type(hints[each.name]), left_out=left_out) for each in msgspec.structs.fields(kind)) or "none"


def _field(each: msgspec.structs.FieldInfo, shown: str, *, left_out: bool) -> str:
    if each.required:
        return f"`{each.name}`: {shown}"
    if left_out:
        return f"`{each.name}`: {shown}, may be absent"
    default = each.default if each.default is not msgspec.NODEFAULT else each.default_factory()
    return f"`{each.name}`: {shown} = {msgspec.json.encode(default).decode()}"


def _json_type(hint: Any) -> str:
    if typing.get_origin(hint) in (types.UnionType, typing.Union):
        return " or ".join(_json_type(each) for each in typing.get_args(hint))
    match typing.get_origin(hint):
        case origin if origin is list:
            return f"list of {_json_type(typing.get_args(hint)[0])}"
        case origin if origin is dict:
            return f"object of {_json_type(typing.get_args(hint)[1])}"
    return {str: "text", int: "integer", float: "number", bool: "boolean", type(None): "null"}.get(hint) or hint.__name__


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
