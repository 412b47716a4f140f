"""Clips: what is asked for becomes orders, what is wrong is found first, and what is rendered has a record."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from pipeline.audio.clip import Clip
from pipeline.audio.layer import lay_under
from pipeline.clips import Made, Place, Under, render_clips
from pipeline.domain import Backend, LoopOrder, RenderOrder, Take
from pipeline.errors import BackendFailed, BadBrief, LofiError, ShelfError
from pipeline.musicians.offline.band import OfflineBand
from pipeline.roles import Booth, Looping, Rendering
from pipeline.shelf.atomic import hash_file
from pipeline.wishes import Wish, order_clips, refuse_unused
from pipeline.workers import Workers
from pipeline.writers.offline.writer import OfflineWriter

RATE = 32_000


class Sines:
    """A musician of the tests with codes and batches, which cannot play the seed 13."""

    backend = Backend(name="sines", version="1", licence="CC0-1.0")
    batch = 2

    def render(self, orders: Sequence[RenderOrder], booth: Booth = Booth()) -> Iterator[Rendering | BackendFailed]:
        for order in orders:
            if order.seed == 13:
                yield BackendFailed("Unlucky.")
                continue
            booth.progress(order, 0.5)
            time = np.arange(RATE)[:, None] / RATE
            samples = (0.3 * np.sin(2 * np.pi * (200 + order.seed % 500) * time)).astype(np.float32)
            booth.progress(order, 1.0)
            yield Rendering(Clip(samples, RATE), np.full((4, 50), 7, np.int16))


@pytest.fixture(scope="module")
def writer() -> OfflineWriter:
    return OfflineWriter()


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    with Workers(1) as pool:
        yield pool


def sound(path: Path, samples: np.ndarray, rate: int = RATE) -> Path:
    soundfile.write(path, samples, rate)
    return path


def tone(seconds: float, rate: int = RATE) -> np.ndarray:
    return 0.3 * np.sin(2 * np.pi * 220 * np.arange(round(seconds * rate)) / rate)


def test_the_words_stay_as_they_were_typed(writer: OfflineWriter) -> None:
    """The prompt goes to the musician as it is, tempo and key as asked; the writer fills in the rest."""
    (order,) = order_clips(Wish("rain on a tin roof, brushes", 5, tempo=71.5, key="Bb major"), writer)
    track = order.track
    assert (track.prompt, track.tempo, str(track.key)) == ("rain on a tin roof, brushes", 71.5, "Bb major")
    assert track.instruments and track.groove and track.seconds == 30
    assert (order.seed, order.controls, order.opening) == (5, None, None)


def test_every_take_has_a_seed_of_its_own(writer: OfflineWriter) -> None:
    """The first has the seed asked for; more takes change none of the earlier ones."""
    three = order_clips(Wish("rain", 5, takes=3), writer)
    assert three[:1] == order_clips(Wish("rain", 5), writer)
    assert len({order.seed for order in three}) == 3


def test_files_to_hear_are_named_with_their_hash(writer: OfflineWriter, tmp_path: Path) -> None:
    """Mono, 8 kHz and other formats are welcome."""
    for name, rate in (("mono.wav", 8000), ("tune.flac", 44100), ("tune.mp3", 32000)):
        path = sound(tmp_path / name, tone(2, rate), rate)
        (order,) = order_clips(Wish("rain", 5, opening=path, melody=path), writer)
        assert order.opening is not None and order.opening == order.melody
        assert (order.opening.path, order.opening.sha256) == (str(path), hash_file(path)[0])


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "no prompt": ({"prompt": " \n"}, "prompt is empty"),
    "endless prompt": ({"prompt": "x" * 10_000}, "10,000 characters"),
    "too short": ({"seconds": 1}, "--seconds cannot be 1"),
    "no length": ({"seconds": float("nan")}, "--seconds cannot be nan"),
    "too fast": ({"tempo": 500}, "--tempo cannot be 500"),
    "no key": ({"key": "H minor"}, "--key cannot be 'H minor'"),
    "no takes": ({"takes": 0}, "--takes cannot be 0"),
    "a seed below nothing": ({"seed": -1}, "--seed cannot be -1"),
    "an unknown control": ({"controls": {"topk": 5}}, "no control 'topk'"),
    "top k": ({"controls": {"top_k": -1}}, "--top-k cannot be -1"),
    "top p": ({"controls": {"top_p": 1.5}}, "--top-p cannot be 1.5"),
    "temperature": ({"controls": {"temperature": 0}}, "--temperature cannot be 0"),
    "guidance": ({"controls": {"cfg_coef": float("inf")}}, "--cfg-coef cannot be inf"),
    "stride": ({"controls": {"stride": 30}}, "--stride cannot be 30"),
    "no ambience": ({"ambience": " "}, "--ambience has 0 characters"),
    "endless ambience": ({"ambience": "x" * 121}, "--ambience has 121 characters"),
    "greedy and chance": (
        {"controls": {"use_sampling": False, "top_p": 0.5, "top_k": 3, "temperature": 1.5}},
        "so --top-k, --top-p, --temperature would do nothing",
    ),
    "two openings": ({"rhythm": True, "opening": Path("x.wav")}, "both an opening"),
}


@pytest.mark.parametrize(("changes", "said"), BAD.values(), ids=BAD.keys())
def test_what_cannot_be_is_refused_in_one_line(writer: OfflineWriter, changes: dict[str, Any], said: str) -> None:
    """The line names the option."""
    with pytest.raises(BadBrief) as caught:
        order_clips(Wish(**{"prompt": "rain", "seed": 1, **changes}), writer)
    assert said in str(caught.value) and "\n" not in str(caught.value)


def test_a_file_that_is_nothing_to_hear(writer: OfflineWriter, tmp_path: Path) -> None:
    """Missing, a folder, silent, empty, too short, cut, no sound, no numbers: each is said of the option."""
    whole = sound(tmp_path / "whole.flac", tone(3)).read_bytes()
    (tmp_path / "cut.flac").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "words.wav").write_text("la la la")
    (tmp_path / "empty.wav").write_bytes(b"")
    sound(tmp_path / "silent.wav", np.zeros(RATE * 2))
    sound(tmp_path / "short.wav", tone(0.1))
    soundfile.write(tmp_path / "nan.wav", np.full(RATE, np.nan, np.float32), RATE, subtype="FLOAT")
    said = {
        "none.wav": "is not there", ".": "is a folder", "cut.flac": "cut.flac", "words.wav": "does not decode",
        "empty.wav": "does not decode", "silent.wav": "is silent",
        "short.wav": "lasts 0.10 s", "nan.wav": "not numbers",
    }  # fmt: skip
    for name, why in said.items():
        for option in ("opening", "melody"):
            with pytest.raises(BadBrief) as caught:
                order_clips(Wish("rain", 1, **{option: tmp_path / name}), writer)  # type: ignore[arg-type]
            assert why in caught.value.message and caught.value.message.startswith(f"--{option}: ")


def test_a_musician_without_a_control_says_so(writer: OfflineWriter, tmp_path: Path) -> None:
    """What steers a music model is refused by the band, not ignored; a musician that says nothing is asked."""
    tune = sound(tmp_path / "tune.wav", tone(2))
    orders = order_clips(Wish("rain", 1, controls={"top_k": 5, "multiband": True}, melody=tune), writer)
    with pytest.raises(BadBrief, match=r"offline band cannot use --melody, --multiband, --top-k\."):
        refuse_unused(orders, OfflineBand())
    refuse_unused(orders, Sines())
    refuse_unused(order_clips(Wish("rain", 1), writer), OfflineBand())


def render(wish: Wish, place: Place, writer: OfflineWriter, workers: Workers) -> list[Made | LofiError]:
    return list(render_clips(order_clips(wish, writer), Sines(), place, workers))


def test_a_clip_and_its_record(writer: OfflineWriter, workers: Workers, tmp_path: Path) -> None:
    """The file decodes, and the record beside it says how it was made and what it must hash to."""
    for name in ("a.flac", "b.WAV"):
        ((path, take, found),) = render(Wish("rain", 5), Place(tmp_path / "new" / name), writer, workers)  # type: ignore[misc]
        assert not found
        samples, rate = soundfile.read(path)
        assert (len(samples), rate) == (RATE, RATE)
        assert Take.model_validate_json(path.with_name(f"{name}.json").read_bytes()) == take
        assert hash_file(path)[0] == take.sha256 and take.backend == Sines.backend
        assert take.codes is not None
        assert np.load(tmp_path / "new" / take.codes.path)["codes"].shape == (4, 50)
    assert not list(tmp_path.rglob("*.part"))


def test_takes_go_side_by_side_and_one_that_fails_takes_no_other_along(
    writer: OfflineWriter, workers: Workers, tmp_path: Path
) -> None:
    """In their order, over several batches; the others are kept."""
    first, *others = render(Wish("rain", 13, takes=4), Place(tmp_path / "a.flac"), writer, workers)
    assert isinstance(first, BackendFailed)
    assert [path.name for path, *_ in others] == ["a-2.flac", "a-3.flac", "a-4.flac"]  # type: ignore[misc]


def test_whoever_waits_is_told_how_far_each_clip_is(writer: OfflineWriter, workers: Workers, tmp_path: Path) -> None:
    """By its order, over several batches; nothing is told of a clip that was there already or could not be played."""
    told: list[tuple[int, float]] = []
    orders = order_clips(Wish("rain", 13, takes=4), writer)
    for _ in range(2):
        place = Place(tmp_path / "a.flac")
        list(render_clips(orders, Sines(), place, workers, lambda order, share: told.append((order.index, share))))
        assert told == [(index, share) for index in (2, 3, 4) for share in (0.5, 1.0)]


def test_a_finished_clip_is_not_rendered_again(writer: OfflineWriter, workers: Workers, tmp_path: Path) -> None:
    """The same wish finds it; a damaged one is made again, to the same bytes."""
    place = Place(tmp_path / "a.flac")
    ((path, take, found),) = render(Wish("rain", 5), place, writer, workers)  # type: ignore[misc]
    before = path.stat().st_mtime_ns
    assert not found and render(Wish("rain", 5), place, writer, workers) == [(path, take, True)]
    assert path.stat().st_mtime_ns == before
    path.write_bytes(path.read_bytes()[:-1])
    assert render(Wish("rain", 5), place, writer, workers) == [(path, take, False)]
    assert hash_file(path)[0] == take.sha256


def test_nothing_of_a_persons_is_replaced(writer: OfflineWriter, workers: Workers, tmp_path: Path) -> None:
    """A name that is taken is refused before anything is rendered; in the library another one is found."""
    (tmp_path / "a-2.flac").write_text("my diary")
    with pytest.raises(ShelfError, match="there already"):
        render(Wish("rain", 5, takes=2), Place(tmp_path / "a.flac"), writer, workers)
    assert [path.name for path in tmp_path.iterdir()] == ["a-2.flac"]
    ours = Place(tmp_path / "a.flac", ours=True)
    ((one, *_),) = render(Wish("rain", 5), ours, writer, workers)  # type: ignore[misc]
    ((two, *_),) = render(Wish("snow", 5), ours, writer, workers)  # type: ignore[misc]
    assert one != two and one.exists() and two.exists()
    band = render_clips(order_clips(Wish("rain", 5, seconds=10), writer), OfflineBand(), ours, workers)
    assert [path for path, *_ in band] != [one] and one.exists()  # type: ignore[misc]
    assert (tmp_path / "a-2.flac").read_text() == "my diary"


class Hum:
    """Ambience of the tests: a low hum, unless asked for silence."""

    backend = Backend(name="hum", version="1", licence="CC-BY-NC-4.0")

    def loop(self, ambience: str, seconds: float, seed: int) -> Looping:
        level = 0.0 if ambience == "silence" else 0.5
        time = np.arange(round(seconds * 8000))[:, None] / 8000
        return Looping(Clip((level * np.sin(2 * np.pi * 60 * time)).astype(np.float32), 8000), f"the {ambience} hum")


def over(words: str, seed: int = 3) -> Under:
    return Under(LoopOrder(ambience=words, seconds=2, seed=seed), Hum())


def test_a_clip_over_ambience_has_it_in_its_sound_and_its_record(
    writer: OfflineWriter, workers: Workers, tmp_path: Path
) -> None:
    """The dry clip with the loop under it; the record says what, told to whom, with which seed, under which licence."""
    orders, place = order_clips(Wish("rain", 5), writer), Place(tmp_path / "a.flac", ours=True)
    ((dry, *_),) = render_clips(orders, Sines(), place, workers)  # type: ignore[misc]
    ((wet, take, _),) = render_clips(orders, Sines(), place, workers, under=over("kitchen"))  # type: ignore[misc]
    assert wet != dry and take.loop is not None and take.loop.file is None
    assert (take.loop.order.ambience, take.loop.prompt) == ("kitchen", "the kitchen hum")
    assert take.loop.backend.licence == "CC-BY-NC-4.0"
    assert Take.model_validate_json(wet.with_name(f"{wet.name}.json").read_bytes()) == take
    loop = Hum().loop("kitchen", 2, 3).clip
    (first, _), (second, _) = soundfile.read(dry), soundfile.read(wet)
    laid = lay_under(Clip(first.astype(np.float32).reshape(-1, 1), RATE), loop).samples[:, 0]
    assert second == pytest.approx(laid, abs=1e-5) and np.abs(second - first).max() > 1e-3


def test_a_clip_over_other_ambience_is_another_clip(writer: OfflineWriter, workers: Workers, tmp_path: Path) -> None:
    """The same is found again and not made twice; other words, another seed and none at all are others."""
    orders, place = order_clips(Wish("rain", 5), writer), Place(tmp_path / "a.flac", ours=True)
    said = (over("kitchen"), over("attic"), over("kitchen", seed=4), None, over("kitchen"))
    paths = [path for under in said for path, *_ in render_clips(orders, Sines(), place, workers, under=under)]  # type: ignore[misc]
    assert len(set(paths)) == 4 and paths[0] == paths[-1]
    with pytest.raises(BackendFailed, match="hum gave no sound of 'silence'"):
        list(render_clips(orders, Sines(), Place(tmp_path / "b.flac"), workers, under=over("silence")))
    assert not (tmp_path / "b.flac").exists()


def test_only_flac_and_wav(tmp_path: Path) -> None:
    """Other suffixes are refused, and no suffix too."""
    for name in ("a.mp3", "a", "a.flac.exe"):
        with pytest.raises(BadBrief, match="--out"):
            Place(tmp_path / name)
