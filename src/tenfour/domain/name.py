"""Names of accounts: one spelling each (Unicode TR 36 and UTS 39 name the tricks)."""

from __future__ import annotations

import unicodedata

from tenfour.errors import ErrorCode, TenfourError

NAME_CHARS_MAX = 64
_ALLOWED_MARKS = frozenset("._-")


def fold_name(name: str) -> str:
    """What two spellings of one name have in common: NFKC, case-folded."""
    return unicodedata.normalize("NFKC", name).casefold()


def words_of_name(text: str) -> str:
    """The folded words of a name, each after one space: by it people are sorted, and found by the beginning of any word.

    What separates words are spaces and punctuation; who is called by nothing else is called so.
    """
    folded = fold_name(text)
    words = "".join(" " if unicodedata.category(each)[0] in "ZPC" else each for each in folded).split()
    return "".join(f" {word}" for word in words or [folded])


def check_name(name: str) -> str:
    """The name as it is stored; raises ``name_invalid``.

    Letters of one script and digits, dots, dashes, underscores: no spaces, controls, marks that turn the
    writing round or cannot be seen, and no Cyrillic letter that passes for a Latin one.
    """
    name = unicodedata.normalize("NFKC", name).strip()
    if not 1 <= len(name) <= NAME_CHARS_MAX:
        raise TenfourError(ErrorCode.NAME_INVALID)
    if any(not (each.isalnum() or each in _ALLOWED_MARKS) for each in name):
        raise TenfourError(ErrorCode.NAME_INVALID)
    if len({_script(each) for each in name if each.isalpha()}) > 1:
        raise TenfourError(ErrorCode.NAME_INVALID, "The letters of a name have to be of one script.")
    return name


def check_shown_name(name: str) -> str:
    """A name that is only shown: one line of visible characters; raises ``name_invalid``."""
    name = unicodedata.normalize("NFC", name).strip()
    if not 1 <= len(name) <= NAME_CHARS_MAX or not name.isprintable():
        raise TenfourError(ErrorCode.NAME_INVALID)
    return name


def _script(letter: str) -> str:
    return unicodedata.name(letter, "?").partition(" ")[0]
