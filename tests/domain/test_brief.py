"""A theme is one line of text, however it was typed."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain import Brief

ODD = st.text(
    st.sampled_from("aeo é\u0301\u0323\u0308\u200b\u200d\u202e\u0085\u2028\u2000\u212b\u0958\u1100\u1161\n\t ")
    | st.characters(),
    min_size=1,
    max_size=40,
)


def theme(text: str) -> str:
    """Return what a brief makes of a theme."""
    return Brief(theme=text, seed=1).theme


@given(ODD)
def test_a_theme_that_was_read_is_read_the_same_again(text: str) -> None:
    """The theme shown to a person, pasted into the next command, is the same theme: one normal line."""
    once = theme("a" + text)
    assert theme(once) == once
    assert len(once.splitlines()) == 1
    assert unicodedata.is_normalized("NFC", once)


def test_an_invisible_character_does_not_make_another_theme() -> None:
    """A zero-width space between a letter and its accent leaves the accented letter."""
    assert theme("cafe\u200b\u0301 in the rain") == "caf\u00e9 in the rain"
