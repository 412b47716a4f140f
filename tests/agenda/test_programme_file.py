"""The programme as a person writes it: what it may say, and what is said of a mistake."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.agenda import Programme, read_programme
from pipeline.agenda.reading import programme_of
from pipeline.errors import PromptError
from pipeline.prompts import load_bank, prompts_folder, styles

GOOD = """\
# A comment that says weight = -1 and [themes.rain] is no mistake.
[themes.rain]
words = "rain on a tin roof"
weight = 2
styles = "Boom-Bap, jazzhop"

[themes."late bus"]  # a name of two words
words = [
    "the late bus",
    "last stop, all change",
]
hours = "22-5"
weekdays = "Friday-Sunday"

[album]
tracks = 4

[schedule]
cron = [
    "0 3 * * *",
    "30 23 * * 5",
]
timezone = "Europe/Berlin"
"""


NO_SCHEDULE = '[themes.a]\nwords = "a"\n[schedule]\n'


def read(folder: Path, text: str) -> Programme:
    (folder / "programme.toml").write_text(text, encoding="utf-8")
    return programme_of(load_bank("programme.toml", folder), styles())


def test_the_programme_that_is_shipped_can_be_read() -> None:
    """It has themes for every season, and names a style for each."""
    plan = read_programme()
    assert len(plan.themes) > 8 and all(theme.styles for theme in plan.themes)
    assert {season for theme in plan.themes for season in theme.seasons} == {"spring", "summer", "autumn", "winter"}
    assert plan.schedule.cron and plan.budgets.unreviewed


def test_what_a_person_writes_is_understood(tmp_path: Path) -> None:
    """One word for a list of one, styles as people write them, hours over midnight, weekdays over the weekend."""
    plan = read(tmp_path, GOOD)
    rain, bus = plan.themes
    assert rain.words == ("rain on a tin roof",) and rain.styles == ("boom bap", "jazzhop") and rain.weight == 2
    assert bus.name == "late bus" and bus.words[1] == "last stop, all change"
    assert bus.hours == (0, 1, 2, 3, 4, 22, 23) and bus.weekdays == (4, 5, 6)
    assert (plan.album.tracks, plan.album.takes) == (4, 2) and plan.schedule.timezone == "Europe/Berlin"


def test_the_programme_of_ones_own_folder_is_read(tmp_path: Path) -> None:
    """LOFI_PROMPTS names a folder with a programme of its own; where it is missing, that is said."""
    (tmp_path / "styles.toml").write_text((prompts_folder() / "styles.toml").read_text())
    with pytest.raises(PromptError, match=r"programme\.toml is missing"):
        read_programme(tmp_path)
    (tmp_path / "programme.toml").write_text('[themes.mine]\nwords = "my own"\n')
    assert [theme.name for theme in read_programme(tmp_path).themes] == ["mine"]


def broken(old: str, new: str) -> str:
    assert old in GOOD
    return GOOD.replace(old, new, 1)


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        (broken("weight = 2", "weight = -1"), 4, r"themes.rain\] weight: -1 is not right: .*than or equal to 0"),
        (broken("weight = 2", 'weight = "two"'), 4, r"'two' is not right: .*number"),
        (broken("weight = 2", "weight = nan"), 4, "weight"),
        (broken("weight = 2", "wieght = 2"), 4, r"no key 'wieght'; perhaps 'weight' is meant\."),
        (broken("weight = 2", 'name = "x"'), 4, "its name in the brackets"),
        (broken('words = "rain on a tin roof"\n', ""), 2, r"\[themes.rain\] has no words"),
        (broken('"rain on a tin roof"', '""'), 3, "a theme has from 1 to 300 characters"),
        (broken('"rain on a tin roof"', "[]"), 3, r"\[themes.rain\] words"),
        (broken('"rain on a tin roof"', '"The Late Bus"'), 9, r"'the late bus' is in \[themes.rain\] already"),
        (broken('"Boom-Bap, jazzhop"', '["jazzhop", "polka"]'), 5, "no style 'polka'"),
        (broken('"Boom-Bap, jazzhop"', "7"), 5, r"\[themes.rain\] styles"),
        (broken("weight = 2", 'languages = ["en", "zz"]'), 4, "no language 'zz'"),
        (broken("weight = 2", 'seasons = "monsoon"'), 4, "'monsoon' is not right: .*'winter'"),
        (broken("weight = 2", "seasons = []"), 4, "seasons: that never comes"),
        (broken("weight = 2", 'months = "Smarch"'), 4, "no month 'Smarch'"),
        (broken("weight = 2", "months = [13]"), 4, "no month 13"),
        (broken("weight = 2", 'weekdays = "Caturday"'), 4, "no weekday 'Caturday'"),
        (broken("weight = 2", 'seasons = "winter"\nmonths = "June"'), 2, "seasons or months, not both"),
        (broken('"22-5"', '"22-25"'), 12, "no hour 25"),
        (broken('"22-5"', '"7-7"'), 12, "never comes: it ends where it begins"),
        (broken('"22-5"', '"evening"'), 12, "no hour such as 7"),
        (broken('"22-5"', '"7-9"'), 12, r"late bus\] never comes: the schedule never fires at such a time"),
        (broken("tracks = 4", "tracks = 0"), 16, r"\[album\] tracks: 0 is not right"),
        (broken("tracks = 4", "tracks = 4.5"), 16, r"\[album\] tracks"),
        (broken("tracks = 4", "tracks = true"), 16, r"\[album\] tracks"),
        (broken('"30 23 * * 5"', '"0 3 30 2 *"'), 21, "'0 3 30 2 .' never fires"),
        (broken('"30 23 * * 5"', '"0 24 * * *"'), 21, "cannot be read: look at its hour"),
        (broken('"30 23 * * 5"', '"every night"'), 21, "'every night' has not five fields"),
        (broken('"30 23 * * 5"', '"0 3 31 4,6 *"'), 21, "never fires: there is no such day in its months"),
        (broken('"30 23 * * 5"', '"0 3 32 * *"'), 21, "cannot be read: look at its day-of-month"),
        (broken('"30 23 * * 5"', "7"), 19, "7 is not right: it should be text"),
        (broken("Europe/Berlin", "Europe/Atlantis"), 23, "no timezone 'Europe/Atlantis'"),
        (broken("Europe/Berlin", "../../etc/passwd"), 23, "no timezone"),
        (broken('timezone = "Europe/Berlin"', "every_hours = 6"), 23, "not both"),
        (broken('timezone = "Europe/Berlin"', "every_minutes = 0"), 23, r"every_minutes: 0 is no interval"),
        (NO_SCHEDULE + "every_minutes = 0\n", 4,
         r"\[schedule\] every_minutes: 0 is no interval: write a whole number from 1 to 40320, or take the line out"),
        (NO_SCHEDULE + "every_hours = 0\n", 4, "every_hours: 0 is no interval: write a whole number from 1 to 672"),
        (NO_SCHEDULE + "every_hours = 6\nevery_minutes = 0\n", 5, "every_minutes: 0 is no interval"),
        (NO_SCHEDULE + "every_minutes = -5\n", 4, "every_minutes: -5 is no interval: write a whole number from 1 to"),
        (NO_SCHEDULE + "every_hours = -1\n", 4, "every_hours: -1 is no interval: write a whole number from 1 to 672"),
        (NO_SCHEDULE + "every_minutes = 10000000\n", 4, "every_minutes: 10000000 is no interval"),
        (NO_SCHEDULE + "every_hours = 99999999999999999999\n", 4, "every_hours: 99999999999999999999 is no interval"),
        (broken("[album]", "[albums]"), 15, r"no table 'albums'; perhaps 'album' is meant\."),
        (GOOD + "[budgets]\nalbums = 0\n", 25, r"\[budgets\] albums: 0 is not right: .*greater than or equal to 1"),
        (GOOD + "[budgets]\ngpu_minutes = 0\n", 25, "greater than 0"),
        (GOOD + "[budgets]\ngpu_minutes = 2000\n", 25, "less than or equal to 1440"),
        (GOOD + "[budgets]\nunreviewed = 0\n", 25, r"\[budgets\] unreviewed"),
        (GOOD + "[budgets]\nfree_gb = -3\n", 25, r"\[budgets\] free_gb"),
        (GOOD + '[rules]\nhemisphere = "east"\n', 25, "'north' or 'south'"),
        ("themes = 3\n", 1, "there is no theme"),
        ("[themes]\nrain = 3\n", 2, r"\[themes.rain\] must be a table"),
        ('[themes.a]\nwords = "a"\nweight = 0\n', 1, "every weight is 0"),
        ('[schedule]\nevery_hours = 500\nevery_minutes = 30000\n[themes.a]\nwords = "a"\n', 3, "at most 28 days"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line_with_its_place_and_reason(tmp_path: Path, text: str, line: int, reason: str) -> None:
    """Whatever is wrong is said with the file, the line and why; never as a traceback, never over several lines."""
    with pytest.raises(PromptError, match=rf"programme\.toml, line {line}: .*{reason}") as told:
        read(tmp_path, text)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    "text",
    [
        'themes = { rain = { words = "a", weight = -1 } }',
        '[themes]\nrain = { words = "a", weight = -1 }',
        'themes.rain.words = "a"\nthemes.rain.weight = -1',
        '[themes."rain"]\nwords = """\na"""\n  "weight" = -1  # the mistake',
    ],
)
def test_the_line_is_found_however_the_table_is_written(tmp_path: Path, text: str) -> None:
    """TOML knows several ways to write one thing; the mistake is on the last line of each."""
    line = text.count("\n") + 1
    with pytest.raises(PromptError, match=rf"line {line}: \[themes.rain\] weight: -1 is not right"):
        read(tmp_path, text)


VALUES = st.sampled_from([
    "-1", "0", "1", "99999999999999999999", "1.5", "nan", "inf", "true", '""', '"x"', '"a, b"', "[]", "[1]", '["x", 1]',
    '"0-24"', '"winter"', '"* * * * *"', "2024-01-01", "{ a = 1 }", '"\\u0000"', '"-"', "12:00:00",
])  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_whatever_a_line_says_it_is_read_or_refused_in_one_line(tmp_path: Path, data: st.DataObject) -> None:
    """Any value in any place of the shipped programme: never anything but a programme or one clear line."""
    lines = (prompts_folder() / "programme.toml").read_text().splitlines()
    places = [number for number, line in enumerate(lines) if "=" in line and not line.startswith("#")]
    place = data.draw(st.sampled_from(places))
    keys = sorted({lines[number].partition("=")[0].strip() for number in places} | {"hours", "weekdays", "months"})
    key = data.draw(st.sampled_from([lines[place].partition("=")[0].strip(), *keys]))
    lines[place] = f"{key} = {data.draw(VALUES)}"
    try:
        assert read(tmp_path, "\n".join(lines)).themes
    except PromptError as error:
        assert "\n" not in str(error) and "programme.toml" in str(error)
        assert "line " in str(error)


def test_a_file_without_a_theme_says_what_to_write(tmp_path: Path) -> None:
    """An empty programme is no programme."""
    with pytest.raises(PromptError, match=r"programme\.toml: there is no theme: write at least one table"):
        read(tmp_path, "")


def test_the_29th_of_february_comes(tmp_path: Path) -> None:
    """A schedule that fires once in four years is odd, and allowed."""
    assert read(tmp_path, '[themes.a]\nwords = "leap"\n[schedule]\ncron = "0 3 29 2 *"\n').schedule.cron
