"""From a score to a clip: the band plays, the desk mixes, the world is laid under it.

Everything runs in blocks of about four seconds, so a long piece needs little more memory than its own samples.
Pitched instruments, reverb and ambience live at TONE_RATE and are doubled once; drums are drawn at the full rate.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.audio.clip import Clip
from pipeline.musicians.offline.score import Score
from pipeline.musicians.offline.synth import ambience, level, opening
from pipeline.musicians.offline.synth.ambience import Ambience
from pipeline.musicians.offline.synth.desk import INSTRUMENT_TRIM, Ducker, MonoBass, Strip, Swing, strip_for
from pipeline.musicians.offline.synth.instrument import Sound
from pipeline.musicians.offline.synth.kit import Kit
from pipeline.musicians.offline.synth.modes import RATE, TONE_RATE
from pipeline.musicians.offline.synth.palette import INSTRUMENTS, nearest
from pipeline.musicians.offline.synth.player import Drummer, Lane, Player
from pipeline.musicians.offline.synth.resample import Doubler
from pipeline.musicians.offline.synth.room import BLOCK, Echo, Reverb, hall

DRUM_LEVEL = 0.5
MUSIC_RMS = 10 ** (-19.5 / 20)
"""What a mix at level.TARGET measures unweighted; ambience is laid under this."""


def perform(score: Score, seed: int) -> Clip:
    """Play a score: stereo float32 at 44.1 kHz, about -18 LUFS, never above -3 dBFS, ending in silence.

    The same score and seed give the same bytes. Instruments and ambiences the band does not know are played on the
    nearest ones it has.
    """
    frames = max(1, round(score.length * RATE))
    samples = np.zeros((frames, 2), np.float32)
    gains = _mix(score, seed, samples)
    opening.open_up(samples, score, np.random.default_rng([seed, 4]))
    _finish(score, seed, samples, gains)
    return Clip(samples, RATE)


class _Channel:
    """A part on its strip of the desk."""

    def __init__(self, player: Player, name: str, strip: Strip, phase: float) -> None:
        self.strip = strip
        tremolo = player.instrument.tremolo
        self._swing = Swing(tremolo, phase) if tremolo else None
        self._lane = Lane(player.events, player.sound, BLOCK)
        level = strip.level * INSTRUMENT_TRIM.get(name, 1.0)
        self._gains = np.array([[np.sqrt(1 - strip.pan)], [np.sqrt(1 + strip.pan)]], np.float32) * np.float32(level)

    def play(self) -> Sound | None:
        """Return the next block, panned and levelled, or None when the instrument rests."""
        resting = self._lane.silent
        sound = self._lane.play()
        if self._swing:
            self._swing.apply(sound, resting)
        if resting:
            return None
        sound *= self._gains
        return sound


def _channels(score: Score, seed: int, frames: int) -> list[_Channel]:
    channels = []
    for index, part in enumerate(score.parts):
        name, strip = nearest(part.instrument, part.role), strip_for(part.role)
        chance = np.random.default_rng([seed, 1, index])
        player = Player(part, INSTRUMENTS[name](chance), strip.colour, int(chance.integers(2**31)), frames)
        channels.append(_Channel(player, name, strip, 6.28 * chance.random()))
    return channels


def _mix(score: Score, seed: int, samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Fill `samples` [frames, 2] with the dry mix and return the final gains, one a hop."""
    frames = len(samples)
    channels = _channels(score, seed, -(-frames * TONE_RATE // RATE))
    chance = np.random.default_rng([seed, 2])
    reverb = Reverb(hall(chance, 1.25 + 0.5 * chance.random()))
    echo = Echo(0.75 * score.beat)
    drums = None
    if score.kit and score.drums:
        drummer = Drummer(score.drums, Kit.named(score.kit, chance), int(chance.integers(2**31)), frames)
        drums = Lane(drummer.events, drummer.sound, 2 * BLOCK)
    ducker = Ducker([(hit.start, hit.velocity) for hit in score.drums if hit.drum == "kick"] if score.kit else [])
    mono_bass, doublers, meter = MonoBass(), (Doubler(), Doubler()), level.Meter()
    for start in range(0, frames, 2 * BLOCK):
        mix = np.zeros((2, BLOCK), np.float32)
        send, repeats = np.zeros(BLOCK, np.float32), np.zeros(BLOCK, np.float32)
        duck = ducker.next_gain()
        for channel in channels:
            sound = channel.play()
            if sound is None:
                continue
            if channel.strip.ducked:
                sound *= duck
            mix += sound
            middle = sound[0] + sound[1]
            send += np.float32(channel.strip.send) * middle
            if channel.strip.echo:
                repeats += np.float32(channel.strip.echo) * middle
        delayed = echo.process(repeats)
        send += np.float32(0.3) * (delayed[0] + delayed[1])
        mix += delayed
        mix += reverb.process(send)
        mono_bass.apply(mix)
        block = np.stack([doubler.process(side) for doubler, side in zip(doublers, mix, strict=True)])
        if drums:
            block += np.float32(DRUM_LEVEL) * drums.play()
        length = min(2 * BLOCK, frames - start)
        block[:, length:] = 0.0
        meter.hear(block)
        samples[start : start + length] = block[:, :length].T
    return meter.gains()


def _finish(score: Score, seed: int, samples: NDArray[np.float32], gains: NDArray[np.float32]) -> None:
    """Apply the gains, lay the ambience under the music, and ride the last chord out, in place."""
    frames = len(samples)
    fade = opening.farewell(frames)
    world = None
    if score.ambience:
        chance = np.random.default_rng([seed, 3])
        world = Ambience.named(score.ambience, chance, score.length)
        volume = MUSIC_RMS / 0.1 * 10 ** (ambience.LEVELS[ambience.nearest(score.ambience)] / 20)
        doublers = (Doubler(), Doubler())
    hops = 2 * BLOCK // level.HOP
    for number, start in enumerate(range(0, frames, 2 * BLOCK)):
        block = samples[start : start + 2 * BLOCK]
        level.apply(gains[number * hops :], block)
        if world:
            below = np.stack([d.process(side) for d, side in zip(doublers, world.play(), strict=True)])[:, : len(block)]
            below *= np.float32(volume)
            if start < 2.0 * RATE or start + len(block) > frames - 4.0 * RATE:
                below *= _curtain(start, len(block), frames)
            block += below.T
    samples[frames - len(fade) :] *= fade[:, None]


def _curtain(start: int, length: int, frames: int) -> NDArray[np.float32]:
    """The ambience's gain: in over two seconds, out over four (less in a very short clip)."""
    at = np.arange(start, start + length, dtype=np.float32)
    opening, closing = min(2.0 * RATE, 0.15 * frames), min(4.0 * RATE, 0.25 * frames)
    gain = np.clip(at / np.float32(opening), 0, 1) * np.clip((frames - at) / np.float32(closing), 0, 1)
    return np.asarray(gain * gain * (3 - 2 * gain), np.float32)
