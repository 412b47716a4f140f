"""What a language model and its server can do wrong, and what becomes of the album: it is always written."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from language_server import (
    BrokenWire,
    LanguageServer,
    Turn,
    album,
    album_for,
    completion,
    cut_short,
    dripping,
    endless,
    fails,
    reset,
    says,
    sensible,
    silent,
    titled,
)
from werkzeug import Response

from pipeline.domain import AlbumPlan, Brief
from pipeline.roles import Draft
from pipeline.shelf import Shelf
from pipeline.shelf.names import safe_title
from pipeline.writers.offline.writer import OfflineWriter
from pipeline.writers.openai.conversation import MOST_CALLS
from pipeline.writers.openai.writer import OpenAIWriter

OFFLINE = OfflineWriter()
BRIEF = Brief(theme="late train home", tracks=3, seed=3)
GOOD = ("Platform Nine After Midnight", "Ticket in a Coat Pocket", "The Guard Hums Along", "Home Before the Frost")
SPOKEN = says("I would rather talk about the weather.")

Serve = Callable[..., LanguageServer]


def write(address: str, taken: tuple[str, ...] = (), deadline: float = 60.0, brief: Brief = BRIEF) -> Draft:
    writer = OpenAIWriter("scripted", address, None, None, OFFLINE, deadline=deadline, backoff=0)
    return writer.write(brief, taken)


def titles(plan: AlbumPlan) -> list[str]:
    return [plan.title, *(track.title for track in plan.tracks)]


def is_the_models(draft: Draft) -> bool:
    return draft.backend.name == "openai" and draft.notes == ()


def stood_in(draft: Draft, *said: str) -> bool:
    """Whether the offline writer wrote it, is credited, and one note says why in these words."""
    note = " ".join(draft.notes)
    assert draft.plan == OFFLINE.write(BRIEF, ()).plan
    assert draft.backend == OFFLINE.backend
    assert note.startswith("The offline writer wrote this album in place of scripted at http://127.0.0.1")
    assert all(words in note for words in said), note
    return True


def last_said(server: LanguageServer) -> str:
    said: str = server.asked[-1]["messages"][-1]["content"]
    return said


# The ladder


def plain_only(asked: dict[str, Any]) -> Response:
    """A server that knows chat, and neither options nor a system."""
    if "response_format" in asked or any(message["role"] == "system" for message in asked["messages"]):
        return fails(400, "unknown field response_format")(asked)
    return sensible(asked)


def test_a_server_without_json_schema_gets_the_schema_in_the_prompt(serve: Serve) -> None:
    """It is refused once, asked for a JSON object instead, and told the schema in words."""
    server = serve(fails(400, "response_format json_schema is not supported"), sensible)
    assert is_the_models(write(server.address))
    first, second = server.asked
    assert first["response_format"]["type"] == "json_schema"
    assert second["response_format"] == {"type": "json_object"}
    assert '"additionalProperties": false' in second["messages"][0]["content"]


def test_a_server_that_only_chats_is_enough(serve: Serve) -> None:
    """Without any option and in one message, the third request is answered."""
    server = serve(plain_only)
    assert is_the_models(write(server.address))
    assert [message["role"] for message in server.asked[-1]["messages"]] == ["user"]
    assert len(server.asked) == 3


def test_a_server_with_another_name_for_the_limit_of_tokens_is_given_that(serve: Serve) -> None:
    """The limit goes by both its names, and is left out only when neither will do."""

    def picky(asked: dict[str, Any]) -> Response:
        if "max_tokens" in asked:
            return fails(400, "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.")(asked)
        return sensible(asked)

    server = serve(picky)
    assert is_the_models(write(server.address))
    assert server.asked[-1]["max_completion_tokens"] == server.asked[0]["max_tokens"]
    assert server.asked[-1]["response_format"]["type"] == "json_schema"


def test_a_server_that_refuses_everything_is_asked_only_so_often(serve: Serve) -> None:
    """After the last rung the offline writer writes, and the note says what the server said."""
    server = serve(fails(422, "the model is on holiday"))
    assert stood_in(write(server.address), "the model is on holiday")
    assert len(server.asked) == 3 <= MOST_CALLS


@pytest.mark.parametrize(
    "wrap",
    [
        "%s",
        "```json\n%s\n```",
        "Here is your album:\n\n```\n%s\n```\nEnjoy {your} tea!",
        '<think>{"title": "not this"} hmm</think>\n%s',
        "They want {JSON}. Right.</think>%s",
        "Sure! %s Anything else?",
        "\ufeff %s",
    ],
)
def test_the_object_is_found_however_it_is_wrapped(serve: Serve, wrap: str) -> None:
    """Fences, thoughts and chatter around the JSON cost no second request."""
    server = serve(album(wrap, title=GOOD[0]))
    draft = write(server.address)
    assert draft.plan.title == GOOD[0] and is_the_models(draft)
    assert len(server.asked) == 1


# What the model writes


MODEL_FAULTS: dict[str, tuple[Turn, str]] = {
    "malformed JSON": (says('{"title": "Rain", "tracks": [}'), "no complete JSON object"),
    "an empty answer": (says(""), "was empty"),
    "no content at all": (says(None), "was empty"),
    "white space": (says(" \n "), "was empty"),
    "no choices": (lambda _: Response('{"choices": []}', content_type="application/json"), "was empty"),
    "prose": (SPOKEN, "no complete JSON object"),
    "a list": (says("[1, 2, 3]"), "no complete JSON object"),
    "braces without end": (says('{"a":' * 50_000), "no complete JSON object"),
    "another object": (says('{"weather": "rain"}'), "title: Field required."),
    "too few tracks": (album(tracks=[]), '"tracks" held 0 tracks; 3 are needed.'),
    "tracks without titles": (album(tracks=[{"prompt": "soft"}] * 3), "tracks[0].title: Field required."),
    "a number for a title": (album(title=3), "title: Input should be a valid string."),
    "a title of control characters": (album(title="\x00\u202e"), "title: It must not be empty."),
}


@pytest.mark.parametrize(("fault", "told"), MODEL_FAULTS.values(), ids=MODEL_FAULTS.keys())
def test_an_answer_that_is_no_album_is_sent_back_twice_with_what_is_wrong(serve: Serve, fault: Turn, told: str) -> None:
    """The model is told exactly; a good answer then counts, and after two corrections the offline writer writes."""
    mended = serve(fault, sensible)
    assert is_the_models(write(mended.address))
    assert told in last_said(mended) and len(mended.asked) == 2
    hopeless = serve(fault)
    assert stood_in(write(hopeless.address), "not usable after 2 corrections", told.rstrip("."))
    assert len(hopeless.asked) == 3


def test_cut_json_is_answered_with_a_request_to_write_less(serve: Serve) -> None:
    """An answer that ran into the limit of tokens is told so; the limit itself is not raised."""

    def cut(asked: dict[str, Any]) -> Response:
        return completion(json.dumps(album_for(asked))[:-200], finish="length")

    server = serve(cut, sensible)
    assert is_the_models(write(server.address))
    assert "cut off at the limit of tokens" in last_said(server)
    assert server.asked[0]["max_tokens"] == server.asked[1]["max_tokens"]
    assert stood_in(write(serve(cut).address), "cut off")


TITLE_FAULTS: dict[str, tuple[tuple[str, ...], str]] = {
    "twice on the album": (("Quiet Hours", "Slow Tram", "SLOW  TRAM", "Last Stop"), "is used twice on this album"),
    "the album's own": (("Quiet Hours", "Quiet Hours", "Slow Tram", "Last Stop"), "is used twice on this album"),
    "there already": (("Quiet Hours", "Closing Time", "Slow Tram", "Last Stop"), "released already"),
    "there in other letters": (("Quiet Hours", "Ｃｌｏｓｉｎｇ  Time", "Slow Tram", "Last Stop"), "released already"),
    "very long": (("Quiet Hours", "Slow " * 60, "Slow Tram", "Last Stop"), "has 299 characters; 60 are the most"),
    "emoji alone": (("Quiet Hours", "🌧☕", "Slow Tram", "Last Stop"), "has no letter in it"),
}


@pytest.mark.parametrize(("wrong", "told"), TITLE_FAULTS.values(), ids=TITLE_FAULTS.keys())
def test_a_title_that_will_not_do_is_asked_for_again_and_then_replaced(
    serve: Serve, wrong: tuple[str, ...], told: str
) -> None:
    """The model gets two tries; then only the titles at fault are the offline writer's, and a note says so."""
    mended = serve(titled(*wrong), titled(*GOOD))
    draft = write(mended.address, taken=("closing time",))
    assert titles(draft.plan) == list(GOOD) and is_the_models(draft)
    assert told in last_said(mended)
    stubborn = serve(titled(*wrong))
    draft = write(stubborn.address, taken=("closing time",))
    assert len(stubborn.asked) == 3
    kept = [title for title in titles(draft.plan) if title in wrong]
    assert len(kept) == 3 and len({title.casefold() for title in titles(draft.plan)}) == 4
    assert "closing time" not in {title.casefold() for title in titles(draft.plan)}
    assert draft.backend.name == "openai" and draft.notes[0].startswith("1 title is by the offline writer")


def test_a_good_answer_is_not_lost_to_a_bad_correction(serve: Serve) -> None:
    """An album with one title too many is kept when the server falls silent or talks nonsense afterwards."""
    wrong = titled("Quiet Hours", "Slow Tram", "Slow Tram", "Last Stop")
    for rest in (SPOKEN, fails(500), fails(400, "too long")):
        draft = write(serve(wrong, rest).address)
        assert draft.backend.name == "openai" and draft.plan.title == "Quiet Hours"
        assert draft.notes[0].startswith("1 title is by the offline writer")


STRANGE = ("../../etc/passwd", "C:\\Windows\\con", "-rf /", "<b>Rain</b> & $(reboot).mp3")


def test_titles_like_paths_and_options_stay_words(serve: Serve, tmp_path: Path) -> None:
    """They are kept as titles; folders and files made from them stay where they belong."""
    draft = write(serve(titled(*STRANGE)).address)
    assert titles(draft.plan) == list(STRANGE)
    shelf = Shelf.open(tmp_path / "library")
    made = shelf.begin(draft.plan.title, lambda _: draft.plan)
    assert made.folder.parent == shelf.folder and made.slug == "etc-passwd"
    for title in titles(draft.plan):
        name = safe_title(title)
        assert not set(name) & set('/\\<>:"|?*') and not name.startswith(("-", "."))


def test_right_to_left_titles_cannot_turn_the_line(serve: Serve) -> None:
    """Letters that read from the right stay; marks that turn what comes after them go."""
    draft = write(serve(titled("قطار الليل", "Rain \u202egnp.exe\u202c", "תחנה אחרונה", "Last\u2066 Stop")).address)
    assert titles(draft.plan) == ["قطار الليل", "Rain gnp.exe", "תחנה אחרונה", "Last Stop"]
    assert is_the_models(draft)


# What the server does


def test_a_server_that_asks_for_a_pause_is_given_it(serve: Serve) -> None:
    """429 with Retry-After is asked again, up to twice."""
    server = serve(fails(429, "slow down", Retry_After="0"), fails(429, Retry_After="0"), sensible)
    assert is_the_models(write(server.address))
    assert len(server.asked) == 3
    assert stood_in(write(serve(fails(429, "slow down", Retry_After="0")).address), "error 429 (slow down)")


@pytest.mark.parametrize("pause", ["3600", "date", "99999999999999999999"])
def test_a_pause_beyond_the_deadline_is_not_waited_for(serve: Serve, pause: str) -> None:
    """An hour, as a number or as a date, is more than there is: the offline writer writes at once."""
    if pause == "date":
        pause = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    server = serve(fails(429, "come back later", Retry_After=pause), sensible)
    assert stood_in(write(server.address), "error 429", "asked for a pause of")
    assert len(server.asked) == 1


def test_an_account_without_credit_is_not_asked_again(serve: Serve) -> None:
    """No pause fills an account."""
    for status, said in ((429, "You exceeded your quota (insufficient_quota)"), (402, "Insufficient balance")):
        server = serve(fails(status, said), sensible)
        assert stood_in(write(server.address), said)
        assert len(server.asked) == 1


@pytest.mark.parametrize("status", [500, 502, 503, 529])
def test_a_server_error_is_tried_again_twice(serve: Serve, status: int) -> None:
    """One that passes costs nothing but a request; one that stays ends with the offline writer."""
    assert is_the_models(write(serve(fails(status), sensible).address))
    server = serve(fails(status, "overloaded"))
    assert stood_in(write(server.address), f"error {status} (overloaded)")
    assert len(server.asked) == 3


WRONG_BODIES: dict[str, Turn] = {
    "a web page": lambda _: Response("<html><h1>Log in</h1></html>", content_type="text/html"),
    "a sound": lambda _: Response(b"RIFF\x00\xff", content_type="audio/wav"),
    "JSON of another kind": lambda _: Response('{"ok": true}', content_type="application/json"),
    "an error with status 200": lambda _: Response('{"error": {"message": "no GPU"}}', content_type="application/json"),
    "half a body": lambda _: Response('{"choices": [{"mess', content_type="application/json"),
    "nothing": lambda _: Response("", content_type="application/json"),
    "packed in an unknown way": lambda _: Response(b"\x1b\x00", headers={"Content-Encoding": "br"}),
    "nested without end": lambda _: Response("[" * 100_000, content_type="application/json"),
}


@pytest.mark.parametrize("turn", WRONG_BODIES.values(), ids=WRONG_BODIES.keys())
def test_a_body_that_is_no_completion_ends_with_the_offline_writer(serve: Serve, turn: Turn) -> None:
    """A wrong content type, half a body or somebody's login page is no answer."""
    assert stood_in(write(serve(turn).address), "wrote this album in place of")


def test_a_small_body_that_unpacks_to_a_huge_one_is_dropped(serve: Serve) -> None:
    """Fifty megabytes packed into fifty kilobytes are counted as they unpack."""
    packed = gzip.compress(b" " * 50_000_000)
    bomb = Response(packed, headers={"Content-Encoding": "gzip"}, content_type="application/json")
    assert stood_in(write(serve(lambda _: bomb).address), "longer than 4 MB")


def test_the_content_type_alone_does_not_matter(serve: Serve) -> None:
    """A whole completion under the wrong name is still one."""

    def mislabelled(asked: dict[str, Any]) -> Response:
        return Response(sensible(asked).get_data(), content_type="text/html")

    assert is_the_models(write(serve(mislabelled).address))


def test_a_redirect_is_not_followed(serve: Serve) -> None:
    """Theme and key go to the server that was set and to no other."""
    elsewhere = serve(sensible)
    server = serve(lambda _: Response(status=307, headers={"Location": f"{elsewhere.address}/chat/completions"}))
    writer = OpenAIWriter("scripted", server.address, None, None, OFFLINE, forgiving=True)
    assert stood_in(writer.write(BRIEF, ()), "somewhere else")
    assert elsewhere.asked == []


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"

WIRES = {
    "time-out": (silent, 1.0, "not done within 1 seconds"),
    "a body of one byte at a time": (dripping(HEAD + b"Content-Length: 999999\r\n\r\n"), 1.0, "not done within 1 sec"),
    "a header of one byte at a time": (dripping(HEAD + b"X-Slow: "), 1.0, "not done within 1 seconds"),
    "connection reset": (reset, 60.0, "the connection broke off"),
    "connection cut inside the body": (cut_short, 60.0, "the connection broke off"),
    "a body of 100 MB": (endless, 60.0, "longer than 4 MB"),
}


@pytest.mark.parametrize(("manners", "deadline", "said"), WIRES.values(), ids=WIRES.keys())
def test_a_broken_wire_ends_with_the_offline_writer(manners: Any, deadline: float, said: str) -> None:
    """Silent, slow, cut, reset or endless: the album is written, in time, and the note says what happened."""
    with BrokenWire(manners) as wire:
        assert stood_in(write(wire.address, deadline=deadline), said)
    assert wire.visits <= 3
    assert wire.sent < 50_000_000  # of a hundred million: nobody took the rest


def test_where_nobody_listens_the_offline_writer_writes() -> None:
    """A local server that is not running is said to be so."""
    with BrokenWire(silent) as wire:
        address = wire.address
    assert stood_in(write(address), "nothing answers at its address")


def test_the_deadline_is_for_all_of_it(serve: Serve) -> None:
    """A model that answers and then stalls in its correction has one deadline, and what was usable is kept."""
    over = Event()

    def stalls(asked: dict[str, Any]) -> Response:
        over.wait()
        return sensible(asked)

    server = serve(titled("Quiet Hours", "Slow Tram", "Slow Tram", "Last Stop"), stalls)
    draft = write(server.address, deadline=2.0)
    over.set()
    assert draft.plan.title == "Quiet Hours"
    assert "1 title is by the offline writer" in draft.notes[0] and "not done within 2 seconds" in draft.notes[0]
