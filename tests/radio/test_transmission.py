"""The radio as players hear it: over HTTP, from a real studio, with real encoders and decoders."""

from __future__ import annotations

import base64
import itertools
import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx2 as httpx
import numpy as np
import pytest
import soundfile
from patience import PATIENCE, until
from radio_room import THEME, asked, ffmpeg, get, heard, now, radio, undisturbed, writer
from test_icy_titles import parted
from tone_studio import MP3_FRAME, Tones, mp3_frames, whole_frames

from flows.radio import Place, Serving, on_the_air
from pipeline.errors import BadBrief, BadSettings
from pipeline.radio.icy import EVERY
from pipeline.radio.ogg import pages
from pipeline.settings import Settings

ROOT = Path(__file__).parent.parent.parent
HOSTILE = "Rain's \"End\"; StreamUrl='x' 🚋"


@pytest.fixture(scope="module")
def air(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """A radio whose tracks are short, with one title that means ill."""
    tones = Tones(titles=("Tone One", HOSTILE, "Tone Three"), length=3.0)
    with radio(tmp_path_factory.mktemp("radio"), tones) as serving:
        until(lambda: len(now(serving)["air"]["history"]) > 0)
        yield serving


def test_both_forms_are_sound_from_the_first_byte(air: Serving, tmp_path: Path) -> None:
    """MP3 begins with a frame and Opus with its headers; each decodes without a complaint, and is what was played."""
    for path, form in (("radio.mp3", "mp3"), ("radio.opus", "opus")):
        data, told = heard(air, path, 2.5)
        file = tmp_path / f"heard.{form}"
        if form == "mp3":
            assert told["content-type"] == "audio/mpeg"
            data = b"".join(whole_frames(data))
        else:
            assert told["content-type"] == "audio/ogg; codecs=opus"
            assert [page.flags for page in pages(data)][:2] == [2, 0]
        file.write_bytes(data)
        said = ffmpeg(
            "-v", "warning", "-xerror", "-f", "mp3" if form == "mp3" else "ogg", "-i", str(file), "-f", "null", "-"
        )
        assert (said.returncode, re.sub(r".*Estimating duration.*\n", "", said.stderr)) == (0, "")
        sound, rate = soundfile.read(file)
        assert np.abs(sound).max() > 0.05 and len(sound) / rate > 3.0


@pytest.mark.parametrize("path", ["radio.mp3", "radio.opus"])
def test_ffmpeg_plays_it_and_sees_the_titles(air: Serving, path: str) -> None:
    """As VLC does: it asks for titles inside the sound and takes them out again, whatever the codec."""
    said = ffmpeg("-v", "verbose", "-t", "6", "-i", f"{air.address}{path}", "-f", "null", "-")
    assert said.returncode == 0
    assert re.search(r"icy-name\s*: " + re.escape(THEME), said.stderr)
    assert re.search(r"StreamTitle\s*: The Tones - (Tone One|Tone Three|Rain)", said.stderr), said.stderr
    assert not re.search(r"[1-9]\d* decode errors|[Ii]nvalid|corrupt", said.stderr)


def test_titles_change_where_the_sound_does(air: Serving) -> None:
    """The blocks are where they belong, the sound around them is whole, and a hostile title is one title."""
    data, told = undisturbed(air, lambda: heard(air, "radio.mp3", 6.5, {"Icy-MetaData": "1"}))
    assert told["icy-metaint"] == str(EVERY) and told["icy-br"] == "128"
    clean, titles = parted(data)
    assert len(whole_frames(clean)) > 300
    names = [name for _, name in titles]
    assert len(names) >= 2 and all(left != right for left, right in itertools.pairwise(names))
    safe = HOSTILE.replace("'", "’")
    assert set(names) <= {f"The Tones - {title}" for title in ("Tone One", safe, "Tone Three")}
    places = [place for place, _ in titles]
    lasts = int(3.0 / MP3_FRAME) * 418
    assert all(abs((right - left) - lasts) <= EVERY + 4000 for left, right in itertools.pairwise(places[1:]))


@pytest.mark.parametrize("asks", ["9999", "0", "yes", "1; 1", ""])
def test_only_one_asks_for_titles(air: Serving, asks: str) -> None:
    data, told = heard(air, "radio.mp3", 0.1, {"Icy-MetaData": asks} if asks else None)
    assert "icy-metaint" not in told and data[:2] == b"\xff\xfb"


def test_two_listeners_hear_the_same_sound(air: Serving) -> None:
    """At the same time, to the byte."""
    with ExitStack() as stack:
        streams = [
            stack.enter_context(httpx.stream("GET", f"{air.address}radio.mp3", timeout=PATIENCE)) for _ in range(2)
        ]
        # What comes for the second waits while the first is read: twelve seconds, some of which both have.
        early, late = (b"".join(itertools.islice(stream.iter_raw(4_000), 48)) for stream in streams)
    shared = early[early.index(late[:3000]) :]
    length = min(len(shared), len(late))
    assert length > 60_000 and shared[:length] == late[:length]


def test_a_range_is_not_heeded_and_head_tells_without_sound(air: Serving) -> None:
    """There is no beginning to count from."""
    data, told = heard(air, "radio.mp3", 0.1, {"Range": "bytes=0-1"})
    assert len(data) > 1000 and told["accept-ranges"] == "none"
    head = httpx.head(f"{air.address}radio.opus", timeout=PATIENCE)
    assert head.status_code == 200 and head.headers["icy-name"] == THEME and head.content == b""
    for method in ("POST", "PUT", "DELETE"):
        assert httpx.request(method, f"{air.address}radio.mp3", timeout=PATIENCE).status_code in (403, 405)


def test_an_old_player_speaks_http_1_0(air: Serving) -> None:
    """It gets the bare sound, in no chunks."""
    with asked(air, "GET /radio.mp3 HTTP/1.0\r\nHost: HOST\r\n\r\n") as old:
        data = b""
        while len(data) < 20_000:
            data += old.recv(4096)
    head, _, sound = data.partition(b"\r\n\r\n")
    assert b"200" in head.splitlines()[0] and b"chunked" not in head.lower()
    assert len(whole_frames(sound)) > 30


@pytest.mark.parametrize(
    "sent",
    [
        "GET /radio.mp3 HTTP/1.1\r\nHost: HOST\r\nX: " + "a" * 100_000 + "\r\n\r\n",
        "GET /radio.mp3 HTTP/1.1\r\nHost: HOST\r\n" + "a: b\r\n" * 20_000 + "\r\n",
        "BREW /radio.mp3 HTTP/1.1\r\nHost: HOST\r\n\r\n",
        "GET /radio.mp3 HTTP/1.1\r\nHost: evil.example\r\n\r\n",
        "GET /radio.mp3 HTTP/1.1\r\n\r\n",
        "GET /../../etc/passwd HTTP/1.1\r\nHost: HOST\r\n\r\n",
        "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 a TLS hello\r\n\r\n",
        "GET /radio.mp3 HTTP/1.1\r\nHost: HOST\r\nContent-Length: 99999999\r\n\r\n",
        "POST /api/steer HTTP/1.1\r\nHost: HOST\r\nContent-Length: -1\r\n\r\n",
    ],
    ids=["huge header", "many headers", "method", "host", "no host", "path", "tls", "body", "length"],
)
def test_hostile_requests_get_a_refusal_and_no_sound(air: Serving, sent: str) -> None:
    with asked(air, sent) as strange:
        said = strange.recv(4096)
    assert re.match(rb"HTTP/1.1 4\d\d ", said), said[:200]
    assert b"Traceback" not in said


def test_requests_behind_each_other_wait_for_the_first(air: Serving) -> None:
    """A second one on the same connection is never answered into the sound of the first."""
    with asked(air, "GET /radio.mp3 HTTP/1.1\r\nHost: HOST\r\n\r\n" * 50) as one:
        data = b""
        while len(data) < 60_000:
            data += one.recv(8192)
    assert data.count(b"HTTP/1.1") == 1


def test_the_api_tells_what_is_heard(air: Serving) -> None:
    told = until(lambda: (told := now(air))["standing"]["state"] == "fresh" and told)
    assert told["name"] == THEME
    assert told["standing"]["ahead"] == 20 and told["standing"]["wish"] != []
    numbers = [told["air"]["now"]["number"], *(each["number"] for each in told["air"]["history"])]
    assert numbers == sorted(numbers, reverse=True)
    picture = get(air, told["air"]["now"]["picture"].lstrip("/"))
    assert picture.headers["content-type"] == "image/jpeg" and picture.content[:2] == b"\xff\xd8"
    assert get(air, "picture/999999.jpg").status_code == 404


def test_it_is_steered_and_strangers_words_are_shown_to_nobody(air: Serving) -> None:
    """What comes back is in the label's words; the next wish has to wait."""
    with writer(air) as client:
        said = client.post("/api/steer", json={"words": "slower <script>alert(1)</script>\r\n\x00 and piano"})
        assert said.json() == {
            "understood": True,
            "wish": ["slower", "piano"],
            "said": "It goes on with: slower, piano.",
        }
        assert until(lambda: now(air)["standing"]["wish"] == ["slower", "piano"])
        assert "alert(1)" not in client.get("/").text
        soon = client.post("/api/steer", json={"words": "faster"})
        assert soon.status_code == 429 and 1 <= int(soon.headers["Retry-After"]) <= 4


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({"words": "x" * 10_000}, 422, "That is longer than 300 characters. Say it in a sentence."),
        ({"words": "\u202e \x00 \n"}, 422, "That is empty."),
        ({"words": 7}, 422, "words"),
        ({"wish": "rain"}, 422, "words"),
        ([], 422, "not understood"),
    ],
)
def test_what_is_no_wish_gets_one_line_and_changes_nothing(air: Serving, body: Any, status: int, said: str) -> None:
    before = now(air)["standing"]["wish"]
    with writer(air) as client:
        answer = client.post("/api/steer", json=body)
    told = answer.json()
    line = f"{told['message']} {told['remedy']}"
    assert answer.status_code == status and said in line and "\n" not in line and "xxx" not in line
    assert now(air)["standing"]["wish"] == before


def test_a_page_of_another_site_can_ask_for_nothing(air: Serving) -> None:
    for address in ("steer", "skip", "love"):
        wish = {"words": "rain", "number": 1}
        forged = httpx.post(f"{air.address}api/{address}", json=wish, timeout=PATIENCE)
        assert forged.status_code == 403
    sound = get(air, "radio.mp3", headers={"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"})
    assert sound.status_code == 403


def test_loved_and_skipped_by_its_number(air: Serving) -> None:
    """What plays can be skipped once; what is over cannot; what was heard can be kept, and nothing else."""
    with writer(air) as client:
        told = now(air)["air"]
        assert client.post("/api/love", json={"number": told["history"][0]["number"]}).status_code == 204
        assert client.post("/api/love", json={"number": 123_456}).status_code in (409, 429)
        assert client.post("/api/skip", json={"number": told["history"][0]["number"]}).status_code == 409

        def skipped() -> int | None:
            """Skip what plays, unless it is over by the time that this is heard."""
            playing: int = now(air)["air"]["now"]["number"]
            answer = client.post("/api/skip", json={"number": playing})
            assert answer.status_code in (204, 409, 503)
            return playing if answer.status_code == 204 else None

        began = time.monotonic()
        playing = until(skipped)
        again = client.post("/api/skip", json={"number": playing})
        assert again.status_code == 409
        assert until(lambda: now(air)["air"]["now"]["number"] != playing)
        soon = client.post("/api/skip", json={"number": now(air)["air"]["now"]["number"]})
        assert soon.status_code in (409, 429) or time.monotonic() - began > 5.0


@pytest.mark.slow
def test_a_listener_that_never_reads_is_dropped_and_nobody_loses_a_byte(tmp_path: Path) -> None:
    """Twenty that never read, and one that does: its recording is whole, frame by frame."""
    with radio(tmp_path, Tones(length=4.0)) as serving, ExitStack() as deaf:
        for _ in range(20):
            request = "GET /radio.mp3 HTTP/1.1\r\nHost: HOST\r\n\r\n"
            deaf.enter_context(asked(serving, request, small=True))
        assert until(lambda: now(serving)["standing"]["listeners"] == 20)
        data = b""
        with httpx.stream("GET", f"{serving.address}radio.mp3", timeout=PATIENCE) as answer:
            for piece in answer.iter_raw():
                data += piece
                if len(data) > 300_000 and now(serving)["standing"]["dropped"] == 20:
                    break
        assert until(lambda: now(serving)["standing"]["listeners"] == 0)
        assert len(whole_frames(data)) * MP3_FRAME > 15


@pytest.mark.slow
def test_the_sound_goes_on_when_the_studio_dies(tmp_path: Path) -> None:
    """Both forms are recorded over a death and a restart: they decode without a complaint, and lack nothing."""
    recorded: dict[str, tuple[bytes, float]] = {}
    with radio(tmp_path, Tones(length=4.0)) as serving:
        stop = threading.Event()

        def record(form: str) -> None:
            data, began, ended = b"", 0.0, 0.0
            with httpx.stream("GET", f"{serving.address}radio.{form}", timeout=PATIENCE) as answer:
                for piece in answer.iter_raw():
                    began = began or time.monotonic()
                    data += piece
                    if stop.is_set():
                        ended = ended or time.monotonic()
                        # What was sent by then has come: the machine may have stood still on the way.
                        if time.monotonic() > ended + 2.0:
                            break
            recorded[form] = data, ended - began

        threads = [threading.Thread(target=record, args=(form,)) for form in ("mp3", "opus")]
        for thread in threads:
            thread.start()
        with writer(serving) as client:
            assert client.post("/api/steer", json={"words": "be gone"}).status_code == 503
        standing = until(lambda: (told := now(serving)["standing"])["restarts"] and told)
        assert "started again" in standing["said"] or standing["state"] == "fresh"
        until(lambda: (told := now(serving)["standing"])["state"] == "fresh" and "again" not in told["said"])
        stop.set()
        for thread in threads:
            thread.join()
    for form, (data, seconds) in recorded.items():
        file = tmp_path / f"recorded.{form}"
        whole = data if form == "mp3" else data[: data.rfind(b"OggS")]
        file.write_bytes(whole)
        said = ffmpeg("-v", "error", "-i", str(file), "-f", "null", "-")
        assert (said.returncode, said.stderr) == (0, "")
        sound, rate = soundfile.read(file)
        assert len(sound) / rate > seconds
        quiet = np.abs(sound[: len(sound) // rate * rate, 0]).reshape(-1, rate // 5).max(axis=1)
        assert quiet.min() > 0.02, "there is a gap of a fifth of a second"


def test_a_listener_may_wait_for_the_first_sound(tmp_path: Path) -> None:
    """Who comes while the studio opens is let in, and hears it as soon as there is some."""
    with radio(tmp_path, sound=False) as serving:
        data, _ = heard(serving, "radio.opus", 0.1)
    assert data.startswith(b"OggS")


def test_a_radio_that_closes_lets_everybody_hear_the_end(tmp_path: Path) -> None:
    """The answer ends as it should, and is not cut off."""
    data: list[bytes] = []
    with radio(tmp_path) as serving:
        answers = ExitStack()
        answer = answers.enter_context(httpx.stream("GET", f"{serving.address}radio.mp3", timeout=PATIENCE))
        reading = threading.Thread(target=lambda: data.extend(answer.iter_raw()))
        reading.start()
        until(lambda: data)
    reading.join()
    answers.close()
    assert len(mp3_frames(b"".join(data))) > 40


def test_no_more_than_may_listen_are_let_in(tmp_path: Path) -> None:
    """The next is told so in plain words, and gets a place when one is free."""
    with radio(tmp_path, listeners=2) as serving:
        with ExitStack() as open_ones:
            for _ in range(2):
                open_ones.enter_context(httpx.stream("GET", f"{serving.address}radio.mp3", timeout=PATIENCE))
            full = get(serving, "radio.mp3")
            assert (
                full.status_code == 503 and "As many listen" in full.json()["message"] and full.headers["Retry-After"]
            )
        until(lambda: now(serving)["standing"]["listeners"] == 0)
        assert heard(serving, "radio.mp3", 0.1)[0]


def test_with_a_token_players_send_it_in_the_address(tmp_path: Path) -> None:
    """VLC and phones know HTTP Basic; it opens the sound and nothing that changes anything."""
    token = "a long secret of this cafe"
    with radio(tmp_path, token=token) as serving:
        bare = get(serving, "radio.mp3")
        assert bare.status_code == 401 and bare.headers["WWW-Authenticate"].startswith("Basic ")
        host = serving.address.removeprefix("http://")
        said = ffmpeg(
            "-v",
            "error",
            "-t",
            "1",
            "-i",
            f"http://radio:{token.replace(' ', '%20')}@{host}radio.mp3",
            "-f",
            "null",
            "-",
        )
        assert (said.returncode, said.stderr) == (0, "")
        basic = {"Authorization": f"Basic {base64.b64encode(f'radio:{token}'.encode()).decode()}"}
        for path in ("api/now", ""):
            assert get(serving, path, headers=basic).status_code == 401
        wish = httpx.post(f"{serving.address}api/steer", json={"words": "rain"}, headers=basic, timeout=PATIENCE)
        assert wish.status_code == 401
        wrong = {"Authorization": f"Basic {base64.b64encode(b'radio:guess').decode()}"}
        assert get(serving, "radio.mp3", headers=wrong).status_code == 401
        # Three a second are heard out: so many at once are more, however long each takes on its way.
        guesses = f"GET /radio.mp3 HTTP/1.1\r\nHost: HOST\r\nAuthorization: {wrong['Authorization']}\r\n\r\n" * 30
        with asked(serving, guesses) as guessing:
            said = b""
            while b"HTTP/1.1 429" not in said and (more := guessing.recv(65_536)):
                said += more
        assert b"HTTP/1.1 429" in said
        assert get(serving, "", headers={"Accept": "text/html"}).status_code == 303


def test_beyond_this_machine_a_token_is_needed(tmp_path: Path) -> None:
    with (
        pytest.raises(BadSettings, match="LOFI_TOKEN"),
        on_the_air(THEME, Settings(library=tmp_path), Place("0.0.0.0"), play=print),
    ):
        pass


def test_a_port_that_is_taken_is_one_line(air: Serving, tmp_path: Path) -> None:
    port = int(air.address.rstrip("/").rpartition(":")[2])
    with (
        pytest.raises(BadSettings, match="already in use"),
        on_the_air(THEME, Settings(library=tmp_path), Place(port=port), play=print),
    ):
        pass


@pytest.mark.parametrize("theme", ["", " \x00 ", "x" * 301])
def test_a_theme_is_a_sentence(theme: str, tmp_path: Path) -> None:
    with (
        pytest.raises(BadBrief, match="theme"),
        on_the_air(theme, Settings(library=tmp_path), Place(port=0), play=print),
    ):
        pass


def test_the_transmitter_loads_nothing_heavy() -> None:
    """All that it needs, with the verb and its server, brings no numeric library and no database."""
    heavy = ["numpy", "scipy", "sqlalchemy", "PIL", "soundfile", "prefect", "rich", "openai", "torch", "alembic"]
    code = (
        "import sys, json, flows.cli, flows.radio, pipeline.radio.station, pipeline.web.radio_app, "
        "pipeline.web.connections, pipeline.shelf.lease, pipeline.radio.last_hour; "
        f"print(json.dumps([name for name in {heavy} if name in sys.modules]))"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert json.loads(run.stdout) == []
