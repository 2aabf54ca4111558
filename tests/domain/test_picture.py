"""A picture's kind and size, from its header."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenfour.domain.picture import PICTURE_BYTES_MAX, PICTURE_SIDE_MAX, PICTURE_TYPES, read_picture
from tenfour.errors import ErrorCode, TenfourError
from tests import pictures

GOOD = [
    ("image/png", pictures.PNG),
    ("image/jpeg", pictures.JPEG),
    ("image/jpeg", pictures.PROGRESSIVE_JPEG),
    ("image/webp", pictures.LOSSY_WEBP),
    ("image/webp", pictures.LOSSLESS_WEBP),
    ("image/webp", pictures.EXTENDED_WEBP),
]
KINDS = [("image/png", pictures.png), ("image/jpeg", pictures.jpeg), ("image/webp", pictures.webp)]


def refusal(content: bytes, said: str) -> str:
    with pytest.raises(TenfourError) as caught:
        read_picture(content, said)
    assert caught.value.code is ErrorCode.PICTURE_INVALID
    return caught.value.detail


@pytest.mark.parametrize(("said", "content"), GOOD, ids=["png", "jpeg", "progressive jpeg", "lossy webp", "lossless webp", "extended webp"])
def test_a_picture_is_known_by_its_first_bytes_and_its_size_stands_in_its_header(said: str, content: bytes) -> None:
    picture = read_picture(content, said)

    assert (picture.media_type, picture.width, picture.height, picture.content) == (said, 3, 2, content)


@pytest.mark.parametrize(("said", "make"), KINDS)
def test_a_side_may_have_512_points_and_not_one_more(said: str, make: object) -> None:
    assert callable(make)

    picture = read_picture(make(PICTURE_SIDE_MAX, PICTURE_SIDE_MAX), said)

    assert (picture.width, picture.height) == (512, 512)
    assert "513 x 1" in refusal(make(513, 1), said)
    assert "1 x 513" in refusal(make(1, 513), said)


@pytest.mark.parametrize("content", [pictures.png(0, 5), pictures.jpeg(5, 0)])
def test_a_picture_without_an_area_is_none(content: bytes) -> None:
    assert "each side may be 1 to 512" in refusal(content, "image/png" if content.startswith(b"\x89") else "image/jpeg")


def test_what_is_no_picture_is_refused_whatever_it_says_of_itself() -> None:
    for content in (b"", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"GIF89a", b"<html><script>alert(1)</script>", b"\x89PNG\r\n\x1a\n", b"RIFF\x00\x00\x00\x00WAVEfmt "):
        assert "neither PNG nor JPEG nor WebP" in refusal(content, "image/png")


def test_a_picture_under_a_wrong_name_is_refused() -> None:
    assert "image/png" in refusal(pictures.PNG, "image/jpeg")


def test_a_picture_over_the_size_is_refused_and_one_of_the_size_is_not() -> None:
    filled = pictures.PNG + bytes(PICTURE_BYTES_MAX - len(pictures.PNG))

    assert read_picture(filled, "image/png").width == 3
    assert "262,145 bytes" in refusal(filled + b"\x00", "image/png")


@pytest.mark.parametrize(("said", "content"), GOOD)
def test_a_header_that_is_cut_off_anywhere_is_refused_or_was_whole(said: str, content: bytes) -> None:
    for length in range(len(content)):
        try:
            picture = read_picture(content[:length], said)
        except TenfourError as cause:
            assert cause.code is ErrorCode.PICTURE_INVALID  # noqa: PT017 - either is right, nothing else is
        else:
            assert (picture.width, picture.height) == (3, 2)


@given(st.sampled_from([start for _, start in GOOD]), st.integers(4, 40), st.binary(max_size=200))
def test_no_bytes_make_the_reading_fail_in_another_way(start: bytes, kept: int, rest: bytes) -> None:
    for said in PICTURE_TYPES:
        try:
            picture = read_picture(start[:kept] + rest, said)
        except TenfourError as cause:
            assert cause.code is ErrorCode.PICTURE_INVALID  # noqa: PT017
        else:
            assert 1 <= picture.width <= PICTURE_SIDE_MAX
            assert 1 <= picture.height <= PICTURE_SIDE_MAX
