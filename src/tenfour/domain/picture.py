"""Pictures of people: which kind the bytes are and how large they are, read from the header without decoding anything."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from struct import unpack_from

from tenfour.errors import ErrorCode, TenfourError

PICTURE_BYTES_MAX = 262_144
PICTURE_SIDE_MAX = 512
PNG, JPEG, WEBP = "image/png", "image/jpeg", "image/webp"
PICTURE_TYPES = (PNG, JPEG, WEBP)

_JPEG_SIZES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
"""SOF0 … SOF15: the segments that hold the size. The other three define tables, or are reserved."""
_JPEG_DATA = 0xDA
_PNG_START = b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR"


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that may be stored, as it came."""

    media_type: str
    width: int
    height: int
    content: bytes


def picture_path(name: str | None) -> str | None:
    """Where the picture of that name is got."""
    return f"/api/v1/avatars/{name}" if name is not None else None


def read_picture(content: bytes, said: str) -> Picture:
    """The picture that the bytes are; raises ``picture_invalid`` where they are none of ``PICTURE_TYPES``, another one than was said, or too large."""
    if len(content) > PICTURE_BYTES_MAX:
        raise TenfourError(ErrorCode.PICTURE_INVALID, f"The picture has {len(content):,} bytes; {PICTURE_BYTES_MAX:,} may be.")
    media_type = _type_of(content)
    if media_type is None:
        raise TenfourError(ErrorCode.PICTURE_INVALID, "The bytes are neither PNG nor JPEG nor WebP.")
    if media_type != said:
        raise TenfourError(ErrorCode.PICTURE_INVALID, f"The bytes are {media_type}, and the Content-Type says otherwise.")
    try:
        width, height = _SIZES[media_type](content)
    except struct.error as cause:
        raise TenfourError(ErrorCode.PICTURE_INVALID, "The picture ends within its header.") from cause
    if not (1 <= width <= PICTURE_SIDE_MAX and 1 <= height <= PICTURE_SIDE_MAX):
        raise TenfourError(ErrorCode.PICTURE_INVALID, f"The picture is {width} x {height}; each side may be 1 to {PICTURE_SIDE_MAX}.")
    return Picture(media_type, width, height, content)


def _type_of(content: bytes) -> str | None:
    if content.startswith(_PNG_START):
        return PNG
    if content.startswith(b"\xff\xd8\xff"):
        return JPEG
    if content.startswith(b"RIFF") and content[8:15] == b"WEBPVP8":
        return WEBP
    return None


def _png_size(content: bytes) -> tuple[int, int]:
    width, height = unpack_from(">II", content, len(_PNG_START))
    return width, height


def _jpeg_size(content: bytes) -> tuple[int, int]:
    """Walks the segments up to the frame header (ITU-T T.81, annex B); (0, 0) where there is none."""
    at = 2
    while True:
        mark, kind = unpack_from(">BB", content, at)
        if mark != 0xFF or kind == _JPEG_DATA:  # noqa: PLR2004
            return 0, 0
        if kind == 0xFF:  # noqa: PLR2004 - filling before a marker
            at += 1
            continue
        if kind in _JPEG_SIZES:
            height, width = unpack_from(">HH", content, at + 5)
            return width, height
        (length,) = unpack_from(">H", content, at + 2)
        at += 2 + max(2, length)


def _webp_size(content: bytes) -> tuple[int, int]:
    """Lossy, lossless or extended (RFC 9649); (0, 0) where the first chunk is none of them."""
    match content[12:16]:
        case b"VP8 " if content[23:26] == b"\x9d\x01\x2a":
            width, height = unpack_from("<HH", content, 26)
            return width & 0x3FFF, height & 0x3FFF
        case b"VP8L" if content[20:21] == b"\x2f":
            (bits,) = unpack_from("<I", content, 21)
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case b"VP8X":
            low_w, high_w, low_h, high_h = unpack_from("<HBHB", content, 24)
            return (low_w | high_w << 16) + 1, (low_h | high_h << 16) + 1
    return 0, 0


_SIZES = {PNG: _png_size, JPEG: _jpeg_size, WEBP: _webp_size}
