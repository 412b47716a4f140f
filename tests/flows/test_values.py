"""A value that cannot be is refused in one line of our own words, whatever the verb."""

from __future__ import annotations

import pytest

from flows.cli import lofi
from flows.values import Argument, BadValue, Option


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("agenda --days abc", "--days is “abc”, and must be a number above 0 and at most 366, such as 7."),
        ("agenda --days 0", "--days is “0”, and must be a number above 0 and at most 366, such as 7."),
        ("agenda --days 100000", "--days is “100000”, and must be a number above 0 and at most 366, such as 7."),
        ("agenda --days nan", "--days is “nan”, and must be a number above 0 and at most 366, such as 7."),
        ("prune --older-than x", "--older-than is “x”, and must be a number from 0 to 36500, such as 30."),
        ("radio jazz --port abc", "--port is “abc”, and must be a whole number from 0 to 65535."),
        ("radio jazz --port 70000", "--port is “70000”, and must be a whole number from 0 to 65535."),
        ("review --port 1.5", "--port is “1.5”, and must be a whole number from 0 to 65535."),
        ("make x --tracks many", "--tracks is “many”, and must be a whole number, such as 8."),
        ("make x --seed x", "--seed is “x”, and must be a whole number."),
        ("make x --fx tap", "--fx is “tap”, and must be one of tape, vinyl, night, worn, none."),
        ("make x --format mp3 --format wma", "--format is “wma”, and must be one of flac, mp3, m4a, opus, wav."),
        ("render x --seconds inf", "--seconds is “inf”, and must be a number, such as 30."),
        ("replay x abc", "TRACK is “abc”, and must be a whole number."),
    ],
)  # fmt: skip
def test_what_was_given_and_what_it_must_be(line: str, said: str) -> None:
    """Both are in the sentence, and the exit code is that of a mistake on the command line."""
    verb, *words = line.split()
    with pytest.raises(BadValue) as refused:
        lofi.commands[verb].make_context(verb, words)
    assert refused.value.format_message() == said
    assert refused.value.exit_code == 2


def test_what_is_shown_of_it_is_short_and_one_line() -> None:
    """A file pasted by mistake fills no terminal, and a control character does not reach it."""
    with pytest.raises(BadValue) as refused:
        lofi.commands["agenda"].make_context("agenda", ["--days", "7\x1b[2J\n" + "x" * 10_000])
    message = refused.value.format_message()
    assert "\n" not in message and "\x1b" not in message and len(message) < 200


def test_every_option_of_every_verb_is_refused_that_way() -> None:
    """A verb that is added later, too; the flags of click itself take no value."""
    params = [param for verb in lofi.commands.values() for param in verb.params]
    assert len(params) > 50
    assert [param.name for param in params if not isinstance(param, Option | Argument)] == []


def test_what_is_right_goes_through() -> None:
    context = lofi.commands["agenda"].make_context("agenda", ["--days", "0.5"])
    assert context.params["days"] == 0.5
