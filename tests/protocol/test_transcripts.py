from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tenfour.wire import codec, frames
from tenfour.wire.codec import Unreadable
from tests.protocol.transcripts import Bindings, Mismatch, Transcript, frames_of, load_transcript, load_transcripts, transcripts_for

TRANSCRIPTS = load_transcripts()
NAMES = [each.name for each in TRANSCRIPTS]


def _invented(transcript: Transcript) -> Bindings:
    """Values for what the head of a transcript names."""
    bindings = Bindings()
    for name in (*transcript.people, *transcript.chats):
        bindings.fill(f"${name}:id")
    bindings.values |= {f"{name}.token": f"token of {name}" for name in transcript.people} | {name: name for name in transcript.tokens}
    return bindings


@pytest.mark.parametrize("transcript", TRANSCRIPTS, ids=NAMES)
def test_every_server_frame_is_one_that_a_client_can_read_without_a_field_missing(transcript: Transcript) -> None:
    bindings = _invented(transcript)

    for side, frame in frames_of(transcript):
        filled = bindings.fill(frame)
        if side == "server":
            read = codec.decode_server(json.dumps(filled).encode())
            assert read is not None, filled
            assert json.loads(codec.encode(read)) == filled


@pytest.mark.parametrize("transcript", transcripts_for("client"), ids=[each.name for each in transcripts_for("client")])
def test_what_a_client_is_to_say_can_be_read(transcript: Transcript) -> None:
    bindings = _invented(transcript)

    conversation = [(side, bindings.fill(frame)) for side, frame in frames_of(transcript)]

    said = [codec.decode(json.dumps(frame).encode()) for side, frame in conversation if side == "client"]
    assert [each for each in said if isinstance(each, Unreadable)] == []


def test_the_transcripts_show_every_frame_of_this_version() -> None:
    shown = {side: {frame["type"] for each in TRANSCRIPTS for of, frame in frames_of(each) if of == side and isinstance(frame, dict)} for side in ("client", "server")}
    known = {side: {each.__struct_config__.tag for each in union.__args__} for side, union in (("client", frames.ClientFrame), ("server", frames.ServerFrame))}

    assert known["client"] - shown["client"] == {"delete", "react", "unreact"}
    assert known["server"] - shown["server"] == {"message_edited", "message_deleted", "reaction_added", "reaction_removed", "message_pinned", "message_unpinned"}


# The placeholders


def test_who_hears_a_value_first_learns_it_and_holds_the_other_side_to_it() -> None:
    bindings = Bindings()
    bindings.match({"id": "$s:text"}, {"id": "s1"})

    assert bindings.fill({"id": "$s", "text": "about $s"}) == {"id": "s1", "text": "about s1"}
    with pytest.raises(Mismatch, match=r"frame\.id is 's2'"):
        bindings.match({"id": "$s"}, {"id": "s2"})


def test_who_speaks_first_makes_a_value_up_once() -> None:
    bindings = Bindings()

    assert bindings.fill("$m:id") == bindings.fill("$m")
    assert bindings.fill("$m") != bindings.fill("$n:id")


def test_names_of_fields_are_filled_and_matched_too() -> None:
    bindings = Bindings({"chat": "c1"})

    bindings.match({"chats": {"$chat": 3}}, {"chats": {"c1": 3}})

    assert bindings.fill({"$chat": None}) == {"c1": None}


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        ({"seq": 3}, {"seq": 4}),
        ({"seq": 1}, {"seq": True}),
        ({"seq": 3}, {"seq": 3, "more": 1}),
        ({"seq": 3, "more": 1}, {"seq": 3}),
        ({"chats": [1]}, {"chats": [1, 2]}),
        ({"chats": {"a": 1}}, {"chats": []}),
        ({"at": "$at:time"}, {"at": "2026-01-31 12:00"}),
        ({"id": "$id:id"}, {"id": "01890A5D-AC96-774B-BCCE-B302099A8057"}),
        ({"after_ms": "$after:ms"}, {"after_ms": -1}),
        ({"limits": "$limits:limits"}, {"limits": {"frame_bytes": 1}}),
        ({"id": "$never"}, {"id": "x"}),
        ({"reason": "about $never"}, {"reason": "about x"}),
    ],
)
def test_what_differs_is_a_mismatch_and_binds_nothing(expected: Any, actual: Any) -> None:
    bindings = Bindings()

    with pytest.raises(Mismatch):
        bindings.match(expected, actual)

    assert bindings.values == {}


@pytest.mark.parametrize(
    "lines", ['{"replayed_by": []}', '{"about": "x", "replayed_by": ["nobody"]}', '{"about": "x", "replayed_by": []}\n{"server": {}, "client": {}}', '{"about": "x", "replayed_by": []}\n{"says": {}}']
)
def test_a_file_that_is_no_transcript_is_refused_with_its_line(lines: str, tmp_path: Path) -> None:
    path = tmp_path / "odd.jsonl"
    path.write_text(lines)

    with pytest.raises(ValueError, match=r"odd\.jsonl:\d: "):
        load_transcript(path)
