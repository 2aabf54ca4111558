"""Makes the TypeScript SDK's types and tables from the server's own, or says with --check which are stale.

Exit code 1 with one line for each stale file.
"""

from __future__ import annotations

import inspect
import json
import sys
import types
import typing
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from make_docs import stale_pages

from tenfour.client.connection import RETRY_BY_CLOSE_CODE
from tenfour.errors import CLOSE_CODES, FAILURES, ErrorCode, Failure, Retry
from tenfour.wire import frames

FOLDER = Path(__file__).resolve().parent.parent / "clients" / "typescript" / "src" / "generated"
HEAD = "// Made from {source} by `make docs`. Do not edit.\n\n"

NAMES: Mapping[type[msgspec.Struct], str] = {frames.Error: "ErrorFrame"}
"""Structs that have another name there: the language has its own `Error`."""

RAISED = {ErrorCode.CHAT_ID_INVALID, ErrorCode.KEY_REUSED, ErrorCode.TEXT_TOO_LONG, ErrorCode.BUSY, ErrorCode.NOT_SUBSCRIBED, ErrorCode.REMOVED_FROM_CHAT}
"""What the SDK says by itself. All others come with the server's texts: in a frame, an answer, or the reason of a close frame."""


def main(arguments: Sequence[str]) -> int:
    files = {"frames.ts": frames_file(), "errors.ts": errors_file(), "closing.ts": closing_file()}
    if "--check" not in arguments:
        FOLDER.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (FOLDER / name).write_text(text, encoding="utf-8")
        return 0
    stale = stale_pages(FOLDER, files)
    print("\n".join(f"clients/typescript/src/generated/{name} is stale: run make docs" for name in stale) or "TypeScript SDK: the generated files are current")
    return 1 if stale else 0


# Frames


def frames_file() -> str:
    client, server, events = (list(typing.get_args(union)) for union in (frames.ClientFrame, frames.ServerFrame, frames.EventFrame))
    told = [each for each in server if each not in events]
    kinds = dict.fromkeys([frames.UserFace, frames.ChatHead, frames.Limits, *client, *told, *events])
    interfaces = "\n".join(map(_interface, kinds))
    told_defaults, event_defaults = ("".join(f"  {_tag(each)}: {_defaults(each)},\n" for each in kinds) for kinds in (told, events))
    return (
        HEAD.format(source="src/tenfour/wire/frames.py")
        + f"""/** A place in a chat: 1, 2, 3 … without gaps; 0 is before the first event. */
export type Seq = number;

{interfaces}
/** {inspect.getdoc(frames.OtherEvent)} */
export interface OtherEvent {{
  readonly type: 'other_event';
  /** Its type on the wire. */
  readonly kind: string;
  readonly chat: string;
  readonly seq: Seq;
}}

/** What a client sends. */
{_union("ClientFrame", client)}
/** What a server sends beside the durable events. */
{_union("ToldFrame", told)}
/** The durable events that this version knows. */
{_union("EventFrame", events)}
export type AnyEvent = EventFrame | OtherEvent;

export type ServerFrame = ToldFrame | AnyEvent;

/** What fields are where the server leaves them out, by each type that it sends beside the durable events. */
export const TOLD_DEFAULTS: Readonly<Record<ToldFrame['type'], object>> = {{
{told_defaults}}};

/** The same for the durable events. */
export const EVENT_DEFAULTS: Readonly<Record<EventFrame['type'], object>> = {{
{event_defaults}}};
"""
    )


def _interface(kind: type[msgspec.Struct]) -> str:
    hints = typing.get_type_hints(kind)
    tag = [f"  readonly type: {_text(_tag(kind))};\n"] if issubclass(kind, frames.Frame) else []
    fields = [f"  readonly {each.encode_name}: {_type(hints[each.name], is_seq=each.name in ('seq', 'head', 'read', 'delivered'))};\n" for each in msgspec.structs.fields(kind)]
    return f"{_comment(kind)}export interface {_name(kind)} {{\n{''.join(tag + fields)}}}\n"


def _comment(kind: type[msgspec.Struct]) -> str:
    doc = kind.__dict__.get("__doc__")
    return f"/** {inspect.cleandoc(doc).replace('``', '`')} */\n" if doc else ""


def _union(name: str, kinds: Iterable[type[msgspec.Struct]]) -> str:
    return f"export type {name} =" + "".join(f"\n  | {_name(kind)}" for kind in kinds) + ";\n"


def _name(kind: type[msgspec.Struct]) -> str:
    return NAMES.get(kind, kind.__name__)


def _tag(kind: type[msgspec.Struct]) -> str:
    return str(kind.__struct_config__.tag)


def _type(hint: Any, *, is_seq: bool) -> str:
    if typing.get_origin(hint) in (types.UnionType, typing.Union):
        return " | ".join(_type(each, is_seq=is_seq) for each in typing.get_args(hint))
    match typing.get_origin(hint):
        case origin if origin is list:
            return f"readonly {_type(typing.get_args(hint)[0], is_seq=False)}[]"
        case origin if origin is dict:
            return f"Readonly<Record<string, {_type(typing.get_args(hint)[1], is_seq=True)}>>"
    if hint is int:
        return "Seq" if is_seq else "number"
    return {str: "string", float: "number", bool: "boolean", type(None): "null"}.get(hint) or _name(hint)


def _defaults(kind: type[msgspec.Struct]) -> str:
    """The fields that may be left out, as an object literal."""
    found = {each.encode_name: each.default for each in msgspec.structs.fields(kind) if not each.required}
    assert msgspec.NODEFAULT not in found.values(), f"{kind.__name__} has a default that is made anew each time"
    return "{ " + ", ".join(f"{name}: {json.dumps(default)}" for name, default in found.items()) + " }" if found else "{}"


# Errors


def errors_file() -> str:
    codes = "".join(f"\n  | {_text(code)}" for code in ErrorCode)
    retries = " | ".join(_text(retry) for retry in Retry)
    untold = {failure.retry for code, failure in FAILURES.items() if code not in RAISED}
    plain = "".join(f"const {_constant(retry)}: Failure = {{ retry: {_text(retry)} }};\n" for retry in Retry if retry in untold)
    rows = "".join(f"  {code}: {_row(code, failure)},\n" for code, failure in FAILURES.items())
    return (
        HEAD.format(source="src/tenfour/errors.py")
        + f"""/** The name of a failure; what each means is in docs/reference/errors.md. */
export type ErrorCode ={codes};

/** What may be done with a refusal. */
export type Retry = {retries};

/** A row of the catalogue. The texts are here of what the SDK says by itself: with all others come the server's. */
export interface Failure {{
  readonly retry: Retry;
  readonly title?: string;
  readonly advice?: string;
}}

{plain}
/** The catalogue of failures. */
export const FAILURES: Readonly<Record<ErrorCode, Failure>> = {{
{rows}}};
"""
    )


def _constant(retry: Retry) -> str:
    """The row of a failure that has no texts here."""
    first, *others = retry.split("_")
    return first + "".join(map(str.capitalize, others))


def _row(code: ErrorCode, failure: Failure) -> str:
    if code not in RAISED:
        return _constant(failure.retry)
    facts = (f"retry: {_text(failure.retry)}", f"title: {_text(failure.title)}", f"advice: {_text(failure.advice)}")
    return "{" + "".join(f"\n    {fact}," for fact in facts) + "\n  }"


# Closing


def closing_file() -> str:
    codes = "".join(f"\n  | {code}" for code in CLOSE_CODES)
    rows = "".join(f"  {code}: {_text(retry)},\n" for code, retry in sorted(RETRY_BY_CLOSE_CODE.items()) if retry in (Retry.NEVER, Retry.WITH_NEW_TOKEN))
    return (
        HEAD.format(source="src/tenfour/errors.py")
        + f"""import type {{ Retry }} from './errors.js';

/** The codes with which a server closes; what each means is in docs/reference/errors.md. */
export type CloseCode ={codes};

/** For a close frame whose reason was lost on the way: whether it says no. All other codes come back after a delay. */
export const RETRY_BY_CLOSE_CODE: Readonly<Partial<Record<number, Retry>>> = {{
{rows}}};
"""
    )


def _text(value: str) -> str:
    """A string literal, in the quotes that need no escape."""
    return json.dumps(value, ensure_ascii=False) if "'" in value else f"'{value}'"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
