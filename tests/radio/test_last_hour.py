"""What was heard is kept for an hour and no longer, and a disk that is full or torn stops nothing."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import pytest
from small_disk import mounted

from pipeline.radio.last_hour import FLOOR, LastHour, Reserve
from pipeline.radio.wire import OnAir

TITLE = 158
"""Bytes of the record of a title."""
SAID = OnAir(3, "Kettle", "Band", 0.0, 60.0, "fresh", ("warm", "piano"))


def size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir())


def test_a_day_of_sound_takes_the_space_of_an_hour(tmp_path: Path) -> None:
    """The oldest goes first; what is there is read oldest first, round and round."""
    hour = LastHour(tmp_path, "mp3", files=5, minute=2.0)
    for second in range(100):
        hour.keep(1.0, second.to_bytes(2, "big") * 500, SAID, "run")
    assert len(hour.numbers()) == 5 and size(tmp_path) < 14_000
    hour.close()
    place, order = 0, list[int]()
    for _ in range(6):
        place, kept, _ = hour.after(place)
        order += [int.from_bytes(each.data[:2], "big") for each in kept]
    assert order == [*range(90, 100), 90, 91]


def test_titles_and_header_pages_come_back_with_the_sound(tmp_path: Path) -> None:
    """Each file stands for itself: it begins with both."""
    hour = LastHour(tmp_path, "opus", minute=2.0)
    hour.head(b"head")
    for _ in range(6):
        hour.keep(1.0, b"sound", SAID, "run")
    hour.close()
    place = 0
    for _ in range(3):
        place, kept, head = hour.after(place)
        assert head == b"head" and [(each.said, each.run) for each in kept] == [(SAID, "run")] * 2


@pytest.mark.parametrize("left", [0, 3, 20, 90, 300, 1000])
def test_what_was_torn_off_is_left_out(tmp_path: Path, left: int) -> None:
    """After a kill a file ends anywhere: what is whole is played, and nothing else."""
    hour = LastHour(tmp_path, "mp3")
    for _ in range(10):
        hour.keep(1.0, bytes(200), SAID, "run")
    hour.close()
    path = hour.path(1)
    path.write_bytes(path.read_bytes()[:left])
    _, kept, _ = hour.after(0)
    assert all(each.data == bytes(200) for each in kept) and len(kept) == max(0, (left - TITLE) // 221)
    hour.keep(1.0, b"on", SAID, "run")
    hour.close()
    assert hour.numbers() == [1, 2]


def test_damage_in_the_middle_ends_a_file_there(tmp_path: Path) -> None:
    hour = LastHour(tmp_path, "mp3")
    for _ in range(10):
        hour.keep(1.0, bytes(200), None, "")
    hour.close()
    data = bytearray(hour.path(1).read_bytes())
    data[len(data) // 2] ^= 1
    hour.path(1).write_bytes(data)
    _, kept, _ = hour.after(0)
    assert 0 < len(kept) < 10


def test_a_folder_that_cannot_be_written_stops_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """It is said once."""
    (tmp_path / "taken").write_text("a file")
    hour = LastHour(tmp_path / "taken", "mp3")
    for _ in range(5):
        hour.keep(1.0, b"sound", SAID, "run")
    assert hour.after(0) == (0, [], b"")
    assert len([said for said in caplog.messages if "The radio goes on" in said]) == 1


def test_a_fault_that_is_no_full_disk_costs_nothing_of_what_was_kept(tmp_path: Path) -> None:
    """No file can be written for a while: what there was is all there still, and it is gone on with afterwards."""
    hour = LastHour(tmp_path, "mp3", minute=2.0)
    for _ in range(40):
        hour.keep(1.0, bytes(400), SAID, "run")
    there = hour.numbers()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        for _ in range(100):
            hour.keep(1.0, bytes(400), SAID, "run")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert len(there) == 20 and hour.numbers() == there
    hour.keep(1.0, bytes(400), SAID, "run")
    hour.close()
    assert len(hour.numbers()) == 21 and all(hour.after(number - 1)[0] == number for number in hour.numbers())


def test_what_is_fallen_back_on_is_of_the_last_hour_however_long_the_radio_runs(tmp_path: Path) -> None:
    """After a day it begins with the oldest that is kept, and not with what was read on the first."""
    hour = LastHour(tmp_path, "mp3", files=5, minute=30.0)
    with ThreadPoolExecutor(1) as disk:
        reserve = Reserve(hour, disk)
        for second in range(3000):
            reserve.keep(1.0, second.to_bytes(2, "big"), SAID, "run")
            reserve.prepare(float(second))
            disk.submit(int).result()
        reserve.close()
    heard = list(iter(reserve.take, None))
    assert [int.from_bytes(kept.data, "big") for kept in heard] == list(range(2850, 2880))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 256 KB, where the machine lets us mount one."""
    with mounted(tmp_path / "disk", "256k") as place:
        yield place


def test_a_full_disk_keeps_what_fits_and_the_newest(small_disk: Path) -> None:
    """Far more is written than there is room for; what is read back is whole and recent."""
    hour = LastHour(small_disk, "mp3", minute=4.0)
    for second in range(200):
        hour.keep(1.0, second.to_bytes(2, "big") * 2000, SAID, "run")
    hour.close()
    place, newest = 0, 0
    for _ in hour.numbers():
        place, kept, _ = hour.after(place)
        assert all(len(each.data) == 4000 for each in kept)
        newest = max(newest, *(int.from_bytes(each.data[:2], "big") for each in kept))
    assert newest >= 190


def test_a_disk_that_others_fill_leaves_some_of_the_last_hour(small_disk: Path) -> None:
    """All that is given up is taken at once by somebody else; what stays is whole, and more than a moment."""
    hour = LastHour(small_disk, "mp3", minute=4.0)
    for _ in range(60):
        hour.keep(1.0, bytes(2000), SAID, "run")
    before = len(hour.numbers())
    with (small_disk / "others").open("wb", buffering=0) as others:
        for second in range(200):
            _fill(others)
            hour.keep(1.0, bytes(2000), SAID, "run")
            if second == 3:
                assert len(hour.numbers()) >= before - 2
    hour.close()
    numbers = hour.numbers()
    assert before > FLOOR and len(numbers) >= FLOOR
    assert all(sum(kept.seconds for kept in hour.after(number - 1)[1]) == 4.0 for number in numbers[:-1])
    (small_disk / "others").unlink()
    hour.keep(1.0, b"room again", SAID, "run")
    hour.close()
    assert hour.after(hour.numbers()[-1] - 1)[1][-1].data == b"room again"


def _fill(file: BinaryIO) -> None:
    with suppress(OSError):
        while True:
            file.write(bytes(4096))
