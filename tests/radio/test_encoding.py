"""What listeners get: sound that can be joined and left anywhere."""

from __future__ import annotations

import io
import itertools

import numpy as np
import pytest
import soundfile
from radio_pieces import RATE, tune

from pipeline.radio.encoding import FRAME, Encoder, frame_bytes
from pipeline.radio.wire import FORMS, Form, Head, Packet

SECONDS = 12.0


def encoded(form: Form, began: float = 0.0) -> list[Head | Packet]:
    heard: list[Head | Packet] = []
    encoder = Encoder(form, began, heard.append)
    sound = tune(3, SECONDS).samples
    for start in range(0, len(sound), 8192):
        encoder.write(sound[start : start + 8192])
    encoder.close()
    return heard


@pytest.mark.parametrize("form", FORMS)
def test_packets_follow_each_other_without_a_gap(form: Form) -> None:
    """Each begins where the one before it ends, and together they last as long as the sound."""
    packets = [each for each in encoded(form, 100.0) if isinstance(each, Packet)]
    assert packets[0].start == 100.0
    for one, other in itertools.pairwise(packets):
        assert other.start == pytest.approx(one.start + one.seconds, abs=1e-6)
    assert packets[-1].start + packets[-1].seconds - 100 == pytest.approx(SECONDS, abs=0.1)
    assert max(each.seconds for each in packets) <= 0.3


def test_every_frame_of_mp3_stands_by_itself() -> None:
    """A listener who joins at any packet hears the same music from there on: no frame leans on an earlier one."""
    packets = [each for each in encoded("mp3") if isinstance(each, Packet)]
    whole, joined = (b"".join(each.data for each in some) for some in (packets, packets[20:]))
    all_, late = (soundfile.read(io.BytesIO(stream))[0] for stream in (whole, joined))
    # The first frame has no overlap from the one before; from the second on it is the very same sound.
    begins, second = 20 * 8 * FRAME, 2 * FRAME
    np.testing.assert_allclose(late[second : 5 * RATE], all_[begins + second : begins + 5 * RATE], atol=1e-4)


def test_mp3_is_cut_between_frames() -> None:
    """No packet holds a part of a frame."""
    for packet in encoded("mp3"):
        rest = packet.data
        while rest:
            rest = rest[frame_bytes(rest[:4]) :]


def test_opus_with_its_head_decodes_from_any_page() -> None:
    """The header pages and any run of later pages are what a decoder takes."""
    head, *pages = encoded("opus")
    assert isinstance(head, Head)
    sound, rate = soundfile.read(io.BytesIO(head.data + b"".join(page.data for page in pages[10:])))
    assert rate == 48_000
    assert len(sound) / rate == pytest.approx(SECONDS - 2, abs=1.0)
    assert np.abs(sound).max() > 0.05


def test_a_frame_of_something_else_is_refused() -> None:
    """A stream that is no MPEG-1 layer III does not go out as if it were."""
    for header in (b"ID3\x04", b"\xff\xf3\x90\x00", b"\xff\xfb\xf0\x00", b"\xff\xfb\x9c\x00"):
        with pytest.raises(ValueError, match="frame"):
            frame_bytes(header)
