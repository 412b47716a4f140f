"""The web room answers to its own names, to its own pages and to whoever has the token, and tells nothing else."""

from __future__ import annotations

import json
import re
import wave
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from review_room import HOST, an_album, on_take, open_app, writing
from starlette.testclient import TestClient

from pipeline.errors import BadSettings
from pipeline.web.app import create_app
from pipeline.web.doors import Doors, is_loopback
from pipeline.web.entry import ADDRESSES, Gate
from pipeline.web.files import span_of
from pipeline.web.safety import HEADERS, JSON_LIMIT
from pipeline.web.studio_api import SOUND_LIMIT

TOKEN = "a long secret with an ü in it"


@dataclass
class Clock:
    """A clock that a test moves."""

    now: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def guarded(shared: tuple[Path, Path], clock: Clock) -> Iterator[TestClient]:
    """A room beyond loopback."""
    hosts = ("studio.example:8765",)
    with (
        open_app(*shared, hosts=hosts, token=SecretStr(TOKEN), wall=clock, steady=clock) as app,
        TestClient(app, base_url="http://studio.example:8765", follow_redirects=False) as client,
    ):
        yield client


def refusal(answer: Any, status: int) -> dict[str, Any]:
    """Assert that it was refused, in words and with every header; return the words."""
    assert answer.status_code == status, answer.text
    said: dict[str, Any] = answer.json()
    assert said["message"].endswith(".") and "Traceback" not in answer.text
    sealed(answer)
    return said


def sealed(answer: Any) -> None:
    for name, value in HEADERS.items():
        assert answer.headers[name] == value
    assert "Cache-Control" in answer.headers


# Hosts


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1", "127.0.0.1:80", "127.0.0.1:8765.", "x@127.0.0.1:8765", ""]
)
def test_another_host_is_misdirected(reader: TestClient, host: str) -> None:
    """A name that somebody pointed at this machine gets nothing, whatever it asks for."""
    for path in ("/", "/api/queue", "/static/x/room.css", "/nothing"):
        refusal(reader.get(path, headers={"Host": host}), 421)


def test_a_host_is_one_name(reader: TestClient) -> None:
    """Two Host headers are none; upper case is the same name."""
    two = [("Host", HOST), ("Host", HOST)]
    refusal(reader.get("/api/queue", headers=two), 421)
    assert reader.get("/api/queue", headers={"Host": HOST.upper()}).status_code == 200


@pytest.mark.parametrize(
    "host", ["0.0.0.0:80", "studio.example:8765", "127.0.0.1.example:80", "[fe80::1]:80", "192.168.0.7:1"]
)
def test_beyond_loopback_needs_a_token(host: str) -> None:
    """The app is not even made without one."""
    assert not is_loopback(host)
    with pytest.raises(BadSettings, match="token"):
        create_app(None, None, Doors(hosts=("127.0.0.1:1", host)))  # type: ignore[arg-type]


@pytest.mark.parametrize("host", ["127.0.0.1:8765", "localhost:80", "[::1]:8765", "[::1]", "localhost"])
def test_this_machine_needs_none(host: str) -> None:
    assert is_loopback(host)


# Headers


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 200),
        ("/albums", 200),
        ("/albums/no-such-album", 404),
        ("/compare", 200),
        ("/studio", 200),
        ("/login", 200),
        ("/api/queue", 200),
        ("/api/openapi.json", 200),
        ("/api/queue?limit=-1", 422),
        ("/api/nothing", 404),
        ("/fonts/serif.ttf", 200),
        ("/fonts/passwd", 404),
        ("/favicon.svg", 200),
        ("/docs", 404),
    ],
)
def test_every_answer_is_sealed(reader: TestClient, path: str, status: int) -> None:
    """Pages, data and refusals carry the same headers: nothing is loaded from elsewhere, and nothing is framed."""
    answer = reader.get(path)
    assert answer.status_code == status
    sealed(answer)
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; ") and "unsafe" not in policy and "http" not in policy


BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8", "Sec-Fetch-Mode": "navigate"}


@pytest.mark.parametrize("path", ["/nope", "/albums/no-such-album", "/albums/No Such", "/sound/no-such/1/1.flac"])
def test_a_wrong_address_is_a_page_to_a_person(reader: TestClient, path: str) -> None:
    """Who types one gets a page with a way back, and no less sealed; programs and scripts get their JSON."""
    page = reader.get(path, headers=BROWSER)
    assert page.status_code == 404 and page.headers["Content-Type"].startswith("text/html")
    assert '<a class="button" href="/">' in page.text and "<h1>Th" in page.text
    sealed(page)
    script = {**BROWSER, "Accept": "application/json", "Sec-Fetch-Mode": "cors"}
    if path != "/albums/no-such-album":
        for headers in (script, {"Accept": "*/*"}, {**BROWSER, "Sec-Fetch-Mode": "no-cors"}):
            assert reader.get(path, headers=headers).headers["Content-Type"] == "application/json"
    assert "<script>" not in reader.get("/<script>alert(1)</script>", headers=BROWSER).text


def test_pages_obey_their_own_policy(reader: TestClient) -> None:
    """No page has a script or a style of its own, a handler, or an address on another server."""
    for path in ("/", "/albums", "/compare", "/studio", "/login", f"/albums/{an_album(reader)['slug']}"):
        page = reader.get(path).text
        assert not re.search(r"\s(style|on[a-z]+)=", page), path
        for tag in re.findall(r"<script[^>]*>", page):
            assert 'src="/static/' in tag or 'type="application/json"' in tag
        assert not re.search(r"(src|href)=[\"'](https?:)?//", page)


def test_a_bug_is_told_in_plain_words(shared: tuple[Path, Path]) -> None:
    """A fault of the program shows nothing of its inside, and is sealed like all else."""
    with open_app(*shared) as app, TestClient(app, base_url=f"http://{HOST}") as client:
        app.state.room = "no room at all"
        said = refusal(client.get("/api/queue"), 500)
        assert "attribute" not in json.dumps(said)


# Forgery


def test_a_page_of_this_server_may_decide(client: TestClient) -> None:
    ask = on_take(an_album(client), note="warm")
    answer = client.post("/api/decisions", json=ask, headers=writing(client))
    assert answer.status_code == 201 and answer.json()["author"] == "Ada"
    sealed(answer)


@pytest.mark.parametrize(
    "forged",
    [
        {"X-CSRF-Token": ""},
        {"X-CSRF-Token": "x" * 43},
        {"X-CSRF-Token": "ü".encode()},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:9999"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Cookie": "lofi-csrf-8765=short"},
    ],
    ids=str,
)
def test_what_another_page_sends_is_refused(client: TestClient, forged: dict[str, Any]) -> None:
    """Each of the three defences is enough; nothing is decided."""
    album = an_album(client)
    refusal(client.post("/api/decisions", json=on_take(album), headers={**writing(client), **forged}), 403)
    assert an_album(client)["decisions"] == []


def test_the_token_against_forgery_outlives_the_server(library: Path, cache: Path) -> None:
    """A page that was open while the server was started again may go on; another port has a cookie of its own."""
    with open_app(library, cache) as app, TestClient(app, base_url=f"http://{HOST}") as client:
        headers, cookies = writing(client), dict(client.cookies)
        assert list(cookies) == ["lofi-csrf-8765"]
    with open_app(library, cache) as app, TestClient(app, base_url=f"http://{HOST}", cookies=cookies) as client:
        assert client.post("/api/decisions", json=on_take(an_album(client)), headers=headers).status_code == 201


def test_nothing_is_fetched_for_another_page(reader: TestClient) -> None:
    """Another site can neither embed a sound nor read the queue; it can only link here."""
    other = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "audio"}
    refusal(reader.get("/api/queue", headers=other), 403)
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    assert reader.get("/", headers=link).status_code == 200
    refusal(reader.get("/", headers={**link, "Sec-Fetch-Dest": "iframe"}), 403)


# Bodies


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""]
)
def test_only_json_is_taken(client: TestClient, kind: str) -> None:
    body = json.dumps(on_take(an_album(client))).encode()
    refusal(client.post("/api/decisions", content=body, headers={**writing(client), "Content-Type": kind}), 415)


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b'{"album": "\xff"}', b"[" * 60_000, b'"\\ud800"', b"1e999"]
)
def test_json_that_is_none_is_refused(client: TestClient, body: bytes) -> None:
    headers = {**writing(client), "Content-Type": "application/json"}
    answer = client.post("/api/decisions", content=body, headers=headers)
    refusal(answer, answer.status_code)
    assert answer.status_code in (400, 422)


def test_a_body_has_a_size(client: TestClient) -> None:
    """Too much JSON is refused, whether its length was told or not; the largest that fits is read."""
    headers = {**writing(client), "Content-Type": "application/json"}
    large = json.dumps({"album": "x" * JSON_LIMIT}).encode()
    refusal(client.post("/api/decisions", content=large, headers=headers), 413)
    refusal(client.post("/api/decisions", content=iter([large[:9], large[9:]]), headers=headers), 413)
    fits = json.dumps(on_take(an_album(client))).encode().ljust(JSON_LIMIT)
    assert client.post("/api/decisions", content=fits, headers=headers).status_code == 201


def test_a_sound_has_a_size_and_a_kind(client: TestClient) -> None:
    """Twenty-five megabytes at most, counted as they come; and only sounds."""
    headers = {**writing(client), "Content-Type": "audio/wav"}
    pieces = (bytes(2**20) for _ in range(SOUND_LIMIT // 2**20 + 1))
    refusal(client.post("/api/uploads", content=pieces, headers=headers), 413)
    told = {**headers, "Content-Length": str(SOUND_LIMIT + 1)}
    refusal(client.post("/api/uploads", content=b"RIFF", headers=told), 413)
    refusal(client.post("/api/uploads", content=b"RIFF", headers={**headers, "Content-Type": "video/mp4"}), 415)
    refusal(client.post("/api/uploads", content=b"not a sound", headers=headers), 422)


def test_a_sound_is_written_anew(client: TestClient) -> None:
    """What is handed in is heard as FLAC under a name that says nothing of where it came from."""
    sent = BytesIO()
    with wave.open(sent, "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(bytes(range(256)) * 64)
    answer = client.post(
        "/api/uploads", content=sent.getvalue(), headers={**writing(client), "Content-Type": "audio/wav"}
    )
    assert answer.status_code == 201, answer.text
    heard = client.get(answer.json()["audio"])
    assert heard.content[:4] == b"fLaC" and heard.headers["Content-Type"] == "audio/flac"


# The token


def test_without_the_token_there_is_only_the_door(guarded: TestClient) -> None:
    """Pages lead to the login page and back; data says what is needed; sounds and covers are not to be had."""
    answer = guarded.get("/albums?x=1", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/login?next=%2Falbums%3Fx%3D1")
    for path in (
        "/api/queue",
        "/api/session",
        "/api/events",
        "/sound/a/1/1.flac",
        "/covers/a.jpg",
        "/api/openapi.json",
    ):
        assert "Bearer" in guarded.get(path).headers["WWW-Authenticate"]
        refusal(guarded.get(path), 401)
    page = guarded.get("/login")
    assert page.status_code == 200 and TOKEN not in page.text


def log_in(client: TestClient, token: str) -> Any:
    """Fill in the login page."""
    found = re.search(r'name="csrf" content="([^"]+)"', client.get("/login").text)
    assert found is not None
    return client.post("/login", json={"token": token}, headers={"X-CSRF-Token": found[1]})


def test_whoever_has_the_token_comes_in(guarded: TestClient, clock: Clock) -> None:
    """The cookie is out of reach of scripts and other sites, does not hold the token, and runs out."""
    answer = log_in(guarded, TOKEN)
    assert answer.status_code == 204
    kept = answer.headers["Set-Cookie"]
    assert "HttpOnly" in kept and "SameSite=Strict" in kept and "secret" not in kept
    assert guarded.get("/api/queue").status_code == 200
    clock.now += 31 * 24 * 3600
    refusal(guarded.get("/api/queue"), 401)


def test_a_cookie_cannot_be_made_up(guarded: TestClient, clock: Clock) -> None:
    """Neither by changing its date nor by signing it with nothing."""
    log_in(guarded, TOKEN)
    (name,) = (name for name in guarded.cookies if "entry" in name)
    true = guarded.cookies[name]
    moment, nonce, sign = true.split(".")
    for forged in (f"{int(moment) + 1}.{nonce}.{sign}", f"{moment}.{nonce}.{'0' * 64}", f"{moment}.{nonce}.", "", "."):
        refusal(guarded.get("/api/queue", headers={"Cookie": f"{name}={forged}"}), 401)


def test_a_program_sends_the_token_itself(guarded: TestClient) -> None:
    """It needs no cookie, and no token against forgery: no page can send this header."""
    bearer = {"Authorization": f"Bearer {TOKEN}".encode()}
    album = guarded.get("/api/albums", headers=bearer).json()[0]["slug"]
    ask = on_take(guarded.get(f"/api/albums/{album}", headers=bearer).json(), "noted", note="")
    assert guarded.post("/api/decisions", json=ask, headers=bearer).status_code == 422  # Read, and found empty.
    refusal(guarded.post("/api/decisions", json=ask, headers={**bearer, "Origin": "http://evil.example"}), 403)


def test_guessing_is_slow(guarded: TestClient, clock: Clock) -> None:
    """After three wrong tokens even the right one must wait, by either way; a browser that is in stays in."""
    for _ in range(3):
        refusal(log_in(guarded, "wrong"), 401)
    refusal(log_in(guarded, TOKEN), 429)
    refusal(guarded.get("/api/queue", headers={"Authorization": f"Bearer {TOKEN}".encode()}), 429)
    clock.now += 1
    assert log_in(guarded, TOKEN).status_code == 204
    for _ in range(5):
        guarded.get("/api/queue", headers={"Authorization": "Bearer wrong", "Cookie": ""})
    assert guarded.get("/api/queue").status_code == 200


def test_who_guesses_keeps_nobody_else_out(guarded: TestClient) -> None:
    """Each address has its own count; the addresses of one IPv6 network have one."""

    def tried(address: str, token: str) -> int:
        there = TestClient(guarded.app, base_url="http://studio.example:8765", client=(address, 4711))
        return there.get("/api/queue", headers={"Authorization": f"Bearer {token}".encode()}).status_code

    for address, neighbour in (("10.0.0.1", "10.0.0.1"), ("2001:db8::1", "2001:db8::ffff:2")):
        assert [tried(address, "wrong") for _ in range(4)] == [401, 401, 401, 429]
        assert tried(neighbour, TOKEN) == 429
    for address in ("10.0.0.2", "2001:db8:0:1::1", "::ffff:10.0.0.3"):
        assert tried(address, TOKEN) == 200


def test_what_is_kept_of_addresses_is_bounded() -> None:
    """However many somebody guesses from."""
    gate = Gate(SecretStr(TOKEN), Clock(), Clock())
    for number in range(ADDRESSES + 10):
        gate.tries(b"wrong", str(number))
    assert len(gate._wrong) == ADDRESSES
    assert gate.tries(TOKEN.encode(), "elsewhere") and len(gate._wrong) == ADDRESSES


# Files


@pytest.fixture(scope="module")
def take(reader: TestClient) -> str:
    """The address of a take."""
    address: str = reader.get("/api/queue").json()["takes"][0]["audio"]
    return address


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=10-19", 10, 19),
        ("bytes=100-", 100, -1),
        ("bytes=-7", -7, -1),
        ("bytes=5-99999999", 5, -1),
    ],
)
def test_one_range_is_sent(reader: TestClient, take: str, asked: str, first: int, last: int) -> None:
    """From a byte to a byte, open, or the last so many; what lies beyond the end is cut off."""
    whole = reader.get(take).content
    answer = reader.get(take, headers={"Range": asked})
    start, end = (place % len(whole) for place in (first, last))
    assert answer.status_code == 206 and answer.content == whole[start : end + 1]
    assert answer.headers["Content-Range"] == f"bytes {start}-{end}/{len(whole)}"
    assert answer.headers["Content-Length"] == str(end - start + 1)
    assert answer.headers["Content-Type"] == "audio/flac"
    sealed(answer)


@pytest.mark.parametrize(
    "asked",
    ["bytes=0-1,3-4", "bytes=5-2", "bytes=-0", "bytes=-", "bytes=999999999-", "bytes=a-b", "bytes", "lines=1-2",
     "bytes=٣-٤", "bytes=0-0\t,", "bytes=--1", "bytes=1" + "0" * 40 + "-"],
)  # fmt: skip
def test_no_other_range_is(reader: TestClient, take: str, asked: str) -> None:
    """Two ranges, backward ones, none at all, or beyond the end: refused with the size there is."""
    size = len(reader.get(take).content)
    answer = reader.get(take, headers={"Range": asked.encode()})
    refusal(answer, 416)
    assert answer.headers["Content-Range"] == f"bytes */{size}"
    refusal(reader.get(take, headers=[("Range", "bytes=0-1"), ("Range", "bytes=0-1")]), 416)


def test_an_empty_file_has_no_range() -> None:
    assert span_of("bytes=0-", 0) is None and span_of("bytes=-5", 0) is None


def test_a_range_of_what_has_changed_is_the_whole(reader: TestClient, take: str) -> None:
    """If-Range and If-None-Match hold with the tag that was given, and with no other."""
    tag = reader.get(take).headers["ETag"]
    assert reader.get(take, headers={"Range": "bytes=0-3", "If-Range": tag}).status_code == 206
    assert reader.get(take, headers={"Range": "bytes=0-3", "If-Range": '"other"'}).status_code == 200
    assert reader.get(take, headers={"If-None-Match": tag}).status_code == 304
    assert reader.get(take, headers={"If-None-Match": '"other"'}).status_code == 200


def test_head_tells_what_get_would_send(reader: TestClient, take: str) -> None:
    whole, head = reader.get(take), reader.head(take)
    assert head.content == b"" and head.headers["Content-Length"] == str(len(whole.content))
    assert head.headers["ETag"] == whole.headers["ETag"]


def test_a_blind_take_does_not_tell_which_it_is(client: TestClient) -> None:
    """Neither its address nor its headers name a take, and no browser keeps it."""
    pair = client.post("/api/comparisons", json={}, headers=writing(client)).json()
    for side in ("a", "b"):
        assert pair[side] == f"/compared/{pair['id']}/{side}.flac"
        answer = client.get(pair[side], headers={"Range": "bytes=0-9"})
        assert (answer.status_code, answer.headers["Cache-Control"]) == (206, "no-store")
        assert not {"ETag", "Last-Modified", "Content-Disposition"} & set(answer.headers)


@pytest.mark.parametrize(
    "trick",
    [
        "%2e%2e",
        "..%2f..%2fcatalogue",
        "%00",
        "a%00b",
        "~",
        "A",
        "a_b",
        "a" * 81,
        "%C3%BC",
        "a%2fb",
        "a\\b",
        ".hidden",
    ],
)
def test_a_path_is_no_id(reader: TestClient, trick: str) -> None:
    """What is no slug reaches nothing, in any place of an address."""
    for path in (f"/sound/{trick}/1/1.flac", f"/covers/{trick}.jpg", f"/mix/{trick}.flac", f"/api/albums/{trick}",
                 f"/uploads/{trick}.flac", f"/static/x/{trick}", f"/fonts/{trick}"):  # fmt: skip
        answer = reader.get(path)
        assert answer.status_code in (404, 422), path
        refusal(answer, answer.status_code)


@pytest.mark.parametrize("number", ["0", "-1", "1000", "1e0", "1.5", "０", "01%2f..%2f1", "9" * 400])
def test_a_number_is_a_number(reader: TestClient, number: str) -> None:
    slug = an_album(reader)["slug"]
    for path in (f"/sound/{slug}/{number}/1.flac", f"/sound/{slug}/1/{number}.flac", f"/master/{slug}/{number}.flac"):
        assert reader.get(path).status_code in (404, 422), path


def test_a_link_is_not_followed(library: Path, cache: Path, tmp_path: Path) -> None:
    """A take that somebody put a link in the place of is gone, wherever the link leads."""
    secret = tmp_path / "secret.flac"
    secret.write_bytes(b"fLaC secret")
    (take,) = library.glob("albums/*/takes/01-1.flac")
    take.unlink()
    take.symlink_to(secret)
    with open_app(library, cache) as app, TestClient(app, base_url=f"http://{HOST}") as client:
        answer = client.get(f"/sound/{take.parent.parent.name}/1/1.flac")
        assert answer.status_code in (404, 410) and b"secret" not in answer.content
