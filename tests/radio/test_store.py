"""The radio's folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from radio_kitchen import kept

from pipeline.radio.store import LOVED, Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store(tmp_path)
    made.folder.folder.mkdir()
    return made


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if path.is_file() and not path.name.startswith(".l")}


def test_only_whole_tracks_are_found_again_and_the_rest_is_cleared_away(store: Store) -> None:
    """A kill may leave sound without a record, half a file under a hidden name, or a file cut short."""
    whole, cut = kept(store, "whole"), kept(store, "cut")
    folder = store.folder.folder
    (folder / "cut.flac").write_bytes(b"fLaC")
    (folder / "alone.flac").write_bytes(b"no record was written")
    (folder / ".half.flac.4711.part").write_bytes(b"the first half")
    assert store.tracks() == [whole] and cut.name == "cut"
    assert names(folder) == {"whole.flac", "whole.json", "whole.jpg"}


def test_what_is_loved_is_kept_for_ever(store: Store) -> None:
    """It leaves the tracks that come and go, with its picture and its record, and is still found."""
    track = kept(store, "loved-one")
    store.love(track.name)
    assert store.tracks() == [] and store.loved() == [track]
    assert store.path(track).is_file() and store.picture(track.name).is_file()
    assert names(store.folder.folder) == set()


class Killed(BaseException):
    """Stands for SIGKILL: nothing after it is done."""


@contextmanager
def killed_at(moment: int) -> Iterator[None]:
    """Break off at the n-th file that is moved or removed, counted from 0."""
    moments = iter(range(100))

    def or_killed(change: Callable[..., Any]) -> Callable[..., Any]:
        def changing(path: Path, *given: Any, **how: Any) -> Any:
            if path.exists() and next(moments) == moment:
                raise Killed
            return change(path, *given, **how)

        return changing

    with pytest.MonkeyPatch.context() as patch, suppress(Killed):
        patch.setattr(Path, "rename", or_killed(Path.rename))
        patch.setattr(Path, "unlink", or_killed(Path.unlink))
        yield


@pytest.mark.parametrize("moment", range(4))
def test_a_kill_while_a_loved_track_is_moved_loses_nothing(store: Store, moment: int) -> None:
    """The next radio has it in one place, whole and with its picture, and nothing of it is left in the other."""
    track = kept(store, "loved-one")
    with killed_at(moment):
        store.love(track.name)
    again = Store(store.folder.folder.parent)
    waiting, loved = again.tracks(), again.loved()
    assert [*waiting, *loved] == [track]
    assert again.path(track).is_file() and again.picture(track.name).read_bytes() == b"a picture"
    if waiting:
        assert again.love(track.name) and again.tracks() == [] and again.loved() == [track]
    folder = again.folder.folder
    assert names(folder) == set() and names(folder / "loved") == {
        f"loved-one{end}" for end in (".flac", ".json", ".jpg")
    }


@pytest.mark.parametrize("moment", range(4))
def test_a_kill_while_a_track_is_dropped_leaves_all_of_it_or_nothing(store: Store, moment: int) -> None:
    """Also no picture of what is gone."""
    track = kept(store, "heard")
    with killed_at(moment):
        store.drop(track.name)
    waiting = Store(store.folder.folder.parent).tracks()
    assert waiting == ([track] if moment == 0 else [])
    assert names(store.folder.folder) == ({"heard.flac", "heard.json", "heard.jpg"} if waiting else set())


def test_a_loved_track_that_its_owner_took_away_is_not_refused(store: Store) -> None:
    """Nobody is told that there was no room for it."""
    assert store.retire(["gone"], {"gone"}) == []


def test_loved_tracks_have_five_gigabytes_and_not_a_byte_more(store: Store) -> None:
    """What fits is kept, what does not is let go like any other, and whoever asked is told which those were."""
    fits, too_much, unloved = (kept(store, name) for name in ("fits", "too-much", "unloved"))
    loved = store.folder.folder / "loved"
    loved.mkdir()
    with (loved / "earlier.flac").open("wb") as earlier:
        earlier.truncate(LOVED - fits.file.bytes)  # a file with a hole: it only says that it is so large
    everything = [track.name for track in (fits, too_much, unloved)]
    assert store.retire(everything, {fits.name, too_much.name}) == [too_much.name]
    assert names(store.folder.folder) == set()
    assert sum(path.stat().st_size for path in loved.glob("*.flac")) == LOVED
    assert store.loved() == [fits]
    # What is loved once more when it is heard again is kept already.
    assert store.retire([fits.name], {fits.name}) == [] and store.loved() == [fits]
    (loved / "earlier.flac").unlink()
    assert store.retire([kept(store, "later").name], {"later"}) == []
    assert {track.name for track in store.loved()} == {"fits", "later"}


def test_what_a_kill_broke_off_is_moved_on_also_where_there_is_no_room_for_more(store: Store) -> None:
    """There was room for it when it was begun."""
    track = kept(store, "half")
    loved = store.folder.folder / "loved"
    loved.mkdir()
    (store.folder.folder / "half.json").rename(loved / "half.json")
    with (loved / "earlier.flac").open("wb") as earlier:
        earlier.truncate(LOVED)
    assert store.tracks() == [] and store.loved() == [track]


def test_a_dropped_track_leaves_nothing(store: Store) -> None:
    """And dropping what is not there is no error."""
    store.drop(kept(store, "gone").name)
    store.drop("never-was")
    assert names(store.folder.folder) == set()
