"""What may be written on a terminal: nothing of what others wrote may steer it, or forge a line."""

from __future__ import annotations

import unicodedata

BIDI_CONTROLS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_UNSAFE = frozenset({"Cc", "Cs", "Zl", "Zp"})


def escape_controls(text: str) -> str:
    """One line: control characters and those that turn the writing round are written out, like ``\\x1b``."""
    return "".join(_written_out(each) if unicodedata.category(each) in _UNSAFE or each in BIDI_CONTROLS else each for each in text)


def escape_lines(text: str, indent: str) -> str:
    """The same with line breaks kept; every further line begins with the indent, so that none looks like a new entry."""
    return ("\n" + indent).join(escape_controls(line) for line in text.replace("\r\n", "\n").split("\n"))


def _written_out(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"  # noqa: PLR2004 - two digits are enough
