"""Pictures, 3 wide and 2 high, as programs write them; and heads of larger ones."""

from __future__ import annotations

import base64
import struct

PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAAAAAC4HznGAAAAEElEQVR4nGOsYGBgYmBgAAADYAB8Ez5fKgAAAABJRU5ErkJggg==")
JPEG = base64.b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAP//////////////////////////////////////////////////////////////////////////////////////wAALCAACAAMBAREA/8QAHwAAAQUB"
    "AQEBAQEAAAAAAAAAAAECAwQFBgcICQoL/8QAtRAAAgEDAwIEAwUFBAQAAAF9AQIDAAQRBRIhMUEGE1FhByJxFDKBkaEII0KxwRVS0fAkM2JyggkKFhcYGRolJicoKSo0NTY3ODk6Q0RFRkdISUpTVFVW"
    "V1hZWmNkZWZnaGlqc3R1dnd4eXqDhIWGh4iJipKTlJWWl5iZmqKjpKWmp6ipqrKztLW2t7i5usLDxMXGx8jJytLT1NXW19jZ2uHi4+Tl5ufo6erx8vP09fb3+Pn6/9oACAEBAAA/ACv/2Q=="
)
PROGRESSIVE_JPEG = base64.b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAP//////////////////////////////////////////////////////////////////////////////////////wgALCAACAAMBAREA/8QAFAABAAAA"
    "AAAAAAAAAAAAAAAAAP/aAAgBAQAAAAF//8QAFBABAAAAAAAAAAAAAAAAAAAAAP/aAAgBAQABBQJ//8QAFBABAAAAAAAAAAAAAAAAAAAAAP/aAAgBAQAGPwJ//8QAFBABAAAAAAAAAAAAAAAAAAAAAP/a"
    "AAgBAQABPyF//9oACAEBAAAAEH//xAAUEAEAAAAAAAAAAAAAAAAAAAAA/9oACAEBAAE/EH//2Q=="
)
LOSSY_WEBP = base64.b64decode("UklGRiQAAABXRUJQVlA4IBgAAABQAQCdASoDAAIADMDOJaQABHQAAPx8AAA=")
LOSSLESS_WEBP = base64.b64decode("UklGRh4AAABXRUJQVlA4TBEAAAAvAkAAAAdQvOIVr/+BiOh/AAA=")
EXTENDED_WEBP = base64.b64decode("UklGRkwAAABXRUJQVlA4WAoAAAAIAAAAAgAAAQAAVlA4IBgAAAAwAQCdASoDAAIADMDOJaQAA3AA/uxnAABFWElGDgAAAElJKgAIAAAAAAAAAAAA")


def png(width: int, height: int) -> bytes:
    return PNG[:16] + struct.pack(">II", width, height) + PNG[24:]


def jpeg(width: int, height: int) -> bytes:
    """The frame header behind a photograph's own remarks and fillers."""
    remarks = b"\xff\xe1" + struct.pack(">H", 60_002) + b"\xff\xc0" * 30_000
    return b"\xff\xd8" + remarks + b"\xff\xff\xff\xc2\x00\x0b\x08" + struct.pack(">HH", height, width) + b"\x01\x01\x11\x00"


def webp(width: int, height: int) -> bytes:
    return EXTENDED_WEBP[:24] + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little") + EXTENDED_WEBP[30:]
