"""What a file says about itself, and how each container wants it said."""

from __future__ import annotations

import base64
import struct
from typing import Annotated

from pydantic import Field

from pipeline.domain.brief import Format
from pipeline.domain.line import one_line
from pipeline.domain.noun import Noun
from pipeline.domain.units import Bpm, Key

_R128_BELOW_REPLAYGAIN = 5.0  # dB: R128 tags aim at -23 LUFS, ReplayGain 2 at -18


class Tags(Noun):
    """The tags of a track or mix. Gains in dB towards -18 LUFS (ReplayGain 2), peaks as amplitudes."""

    title: str
    artist: str
    album: str
    album_artist: str | None = None
    track: Annotated[int, Field(ge=1)] | None = None
    total: Annotated[int, Field(ge=1)] | None = None
    date: str | None = None
    genre: str | None = "Lo-fi"
    bpm: Bpm | None = None
    key: Key | None = None
    comment: str | None = None
    """Where the disclosure that a machine made it belongs."""
    track_gain: float | None = None
    track_peak: float | None = None

    def pairs(self, form: Format) -> dict[str, str]:
        """Return the tags as ffmpeg's metadata keys for a container; what it cannot hold is left out.

        FLAC and Opus hold everything (Vorbis comments), MP3 too (ID3v2); M4A has no place for key and gain.
        """
        place = None if self.track is None else str(self.track)
        if place and self.total and form in ("mp3", "m4a"):
            place = f"{place}/{self.total}"
        said: dict[str, str | None] = {
            "title": self.title,
            "artist": self.artist,
            "album": self.album,
            "album_artist": self.album_artist or self.artist,
            "track": place,
            "date": self.date,
            "genre": self.genre,
            "comment": self.comment,
        }
        tempo = None if self.bpm is None else str(round(self.bpm))
        if form == "m4a":
            said["tmpo"] = tempo
        elif form == "mp3":
            said |= {"TBPM": tempo, "TKEY": self._short_key()} | self._gains()
        else:
            said |= {"TRACKTOTAL": None if self.total is None else str(self.total), "BPM": tempo}
            said |= {"INITIALKEY": self._short_key()} | (self._gains() if form == "flac" else self._r128())
        return {name: one_line(value) for name, value in said.items() if value is not None and one_line(value)}

    def _short_key(self) -> str | None:
        """Return the key as ID3 writes it: "Am", "Bb"."""
        return None if self.key is None else str(self.key).split()[0] + ("m" if self.key.mode == "minor" else "")

    def _gains(self) -> dict[str, str | None]:
        return {
            "REPLAYGAIN_TRACK_GAIN": None if self.track_gain is None else f"{self.track_gain:+.2f} dB",
            "REPLAYGAIN_TRACK_PEAK": None if self.track_peak is None else f"{self.track_peak:.6f}",
        }

    def _r128(self) -> dict[str, str | None]:
        """Return Opus's own gain tag (RFC 7845, 5.2.1): 1/256 dB towards -23 LUFS."""
        gain = self.track_gain
        return {"R128_TRACK_GAIN": None if gain is None else str(round(256 * (gain - _R128_BELOW_REPLAYGAIN)))}


def picture_block(jpeg: bytes) -> str:
    """Return a front cover as METADATA_BLOCK_PICTURE, the way Opus files carry one (FLAC format, section 8.8)."""
    mime = b"image/jpeg"
    head = struct.pack(">II", 3, len(mime)) + mime + struct.pack(">IIIIII", 0, 0, 0, 24, 0, len(jpeg))
    return base64.b64encode(head + jpeg).decode("ascii")
