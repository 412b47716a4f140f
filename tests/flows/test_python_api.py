"""The few lines of docs/api.md do what the command line and the page do."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import soundfile
from door import Door

from flows.briefs import brief_of
from flows.label import LofiLabel

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_the_lines_of_the_document_run(tmp_path: Path) -> None:
    """As they stand there, only smaller: a clip, an album, decisions, and the album made again with them."""
    text = (ROOT / "docs" / "api.md").read_text()
    first, second = re.findall(r"```python\n(.*?)```", text, re.S)
    imports, body = second.split("\n\n", 1)
    lines = first.replace("from flows", f"{imports}\nfrom flows", 1) + "".join(
        f"        {line}\n" if line else "\n" for line in body.splitlines()
    )
    for large, small in (("seconds=20", "seconds=10"), ("tracks=4, seconds=60", "tracks=2, seconds=10")):
        assert large in lines
        lines = lines.replace(large, small)
    script = tmp_path / "few_lines.py"
    script.write_text(lines + "        print('TITLES', [track.title for track in album.tracks])\n")
    door = Door(tmp_path / "output", tmp_path)
    run = subprocess.run(
        [sys.executable, script],
        cwd=tmp_path,
        env=door.environment(),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert "Kettle Song" in run.stdout.splitlines()[-1]
    (clip,) = (tmp_path / "output" / "clips").glob("*.flac")
    assert soundfile.info(clip).duration == pytest.approx(10, abs=1.5)
    assert door.run("verify").returncode == 0


def test_a_label_has_one_room(tmp_path: Path) -> None:
    """What it has read and learned is not forgotten from one line to the next."""
    with LofiLabel(tmp_path) as label:
        assert label.room is label.room


def test_an_album_is_in_the_language_of_the_settings(tmp_path: Path) -> None:
    """As `lofi make` makes it: both find the album of the other."""
    small = {"tracks": 1, "seconds": 10, "takes": 1}
    with LofiLabel(tmp_path / "library", language="de", studio="offline") as label:
        made = label.album("rain", seed=7, **small)
        assert made.brief.language == "de"
        assert brief_of("rain", 7, label.settings, small) == made.brief
