"""Names of accounts: one spelling each, and nothing that deceives the eye."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tenfour.domain.name import NAME_CHARS_MAX, check_name, check_shown_name, fold_name, words_of_name
from tenfour.errors import ErrorCode, TenfourError


def refused(name: str) -> ErrorCode | None:
    try:
        check_name(name)
    except TenfourError as cause:
        return cause.code
    return None


@pytest.mark.parametrize("name", ["ann", "Ann.O-Brien_2", "Émile", "Ólafur", "анна", "Δημήτρης", "名前", "a" * NAME_CHARS_MAX, "007"])
def test_letters_of_one_script_with_digits_and_marks_between_are_a_name(name: str) -> None:
    assert check_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "   ",
        "ann smith",
        "a" * (NAME_CHARS_MAX + 1),
        "\u0430dmin",  # the first letter is Cyrillic
        "adm\u0456n",
        "\u0391dmin",  # Greek capital alpha
        "ann\u202e",
        "\u2066ann\u2069",
        "an\u200bn",
        "an\u200dn",
        "an\ufeffn",
        "an\u00adn",
        "ann\0",
        "ann\n{",
        "\x1b[31mann",
        "an\u2028n",
        "a" + "\u0338" * 10_000,
        "a\u0301\u0301",
        "<ann>",
        "ann@here",
        "ann/..",
        "\U0001f600",
        "\ud800",
    ],
)
def test_what_cannot_be_seen_typed_or_told_apart_is_no_name(name: str) -> None:
    assert refused(name) is ErrorCode.NAME_INVALID


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ann", "ANN"),
        ("Straße", "STRASSE"),
        ("ﬁona", "fiona"),  # a ligature
        ("\uff21\uff4e\uff4e", "ann"),  # full width
        ("E\u0301mile", "ÉMILE"),  # a composed and a decomposed letter
        ("\u212aelvin", "kelvin"),  # the sign of the unit
        ("ann\u00b2", "ann2"),
    ],
)
def test_two_spellings_of_one_name_fold_to_one(one: str, other: str) -> None:
    assert fold_name(one) == fold_name(other)


@given(st.text(st.characters(codec="utf-8", categories=["L", "N"]) | st.sampled_from("._-"), min_size=1, max_size=20))
def test_a_stored_name_is_normal_and_folds_as_whoever_types_it_again(name: str) -> None:
    assume(refused(name) is None)

    stored = check_name(name)

    assert check_name(stored) == stored == unicodedata.normalize("NFKC", stored)
    assert fold_name(stored) == fold_name(name) == fold_name(fold_name(name))


@pytest.mark.parametrize("name", ["Ann O'Brien", "田中 さん", "\U0001f600 Ann", "José"])
def test_a_shown_name_is_one_visible_line(name: str) -> None:
    assert check_shown_name(f"  {name} ") == name


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "a\u2028b", "a\0b", "\u202eann", "an\u200bn", "\x1b[31m", "x" * (NAME_CHARS_MAX + 1), "\ud800"])
def test_a_shown_name_has_no_controls_and_turns_nothing_round(name: str) -> None:
    with pytest.raises(TenfourError) as caught:
        check_shown_name(name)

    assert caught.value.code is ErrorCode.NAME_INVALID


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Ann O'Brien", " ann o brien"),
        ("ann.o-brien_2", " ann o brien 2"),
        ("Straße", " strasse"),
        ("\uff21\uff4e\uff4e", " ann"),
        ("राम सिंह", " राम सिंह"),
        ("🦊 fox", " 🦊 fox"),
        ("!!!", " !!!"),
    ],
)
def test_the_words_of_a_name_are_folded_and_parted_by_spaces_and_punctuation(name: str, words: str) -> None:
    assert words_of_name(name) == words
