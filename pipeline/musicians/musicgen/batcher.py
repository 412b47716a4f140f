"""Lines of codes written side by side: a line that is done gives its place to the next one at once.

Lines of any length, with openings of any length, share a batch; each has its own chance and controls, and nothing of
one line depends on the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import torch

from pipeline.domain import Controls, Seed
from pipeline.musicians.musicgen.decoder import Decoder
from pipeline.musicians.musicgen.delays import lay_out, read_off
from pipeline.musicians.musicgen.hearing import Hearing
from pipeline.musicians.musicgen.sampling import Sampler
from pipeline.musicians.windows.model import EVERY

K = TypeVar("K")


@dataclass(frozen=True, eq=False)
class Steering:
    """What a line is steered by: `words` beside the sound, float32 [tokens, width], None for nothing; `before` it,
    float32 [positions, width]."""

    words: torch.Tensor | None
    before: torch.Tensor


@dataclass(frozen=True, eq=False)
class Passage:
    """A passage to write: `steps` more behind the codes of an `opening`, int64 [codebooks, any length].

    Guidance leads from `away` towards `steering`; without it `away` is None.
    """

    opening: torch.Tensor
    steps: int
    steering: Steering
    away: Steering | None
    controls: Controls
    seed: Seed

    @property
    def company(self) -> tuple[bool, bool]:
        """What lines of one batch have in common: guided, and in two passes."""
        return self.away is not None, self.away is not None and self.controls.two_step_cfg


@dataclass(frozen=True, eq=False)
class Written(Generic[K]):
    """A line that is done: all its codes, the opening's too, int64 [codebooks, steps]; `sound` if made of numbers."""

    key: K
    codes: torch.Tensor
    sound: bool


@dataclass(eq=False)
class _Place(Generic[K]):
    """A place in the batch with the line that is written there."""

    key: K
    line: Passage
    tokens: torch.Tensor  # [codebooks, positions]
    free: torch.Tensor  # bool, the same: what is still to be drawn
    position: int  # the next to be drawn
    sound: bool = True
    first: int = field(init=False)

    def __post_init__(self) -> None:
        self.first = self.position

    @property
    def done(self) -> bool:
        return bool(self.position == self.tokens.shape[1])

    @property
    def share(self) -> float:
        return float((self.position - self.first) / max(1, self.tokens.shape[1] - self.first))


class Batcher(Generic[K]):
    """Writes lines with a decoder, up to `size` side by side, each up to `positions` long with all before it.

    The memory of a batch stays for the next one of its kind: to have gigabytes cleared anew costs seconds.
    """

    def __init__(self, decoder: Decoder, delays: Sequence[int], size: int, positions: int) -> None:
        self._decoder, self._delays = decoder, delays
        self.size, self._positions = size, positions
        self._house: _House | None = None

    @property
    def held(self) -> int:
        """Bytes of memory that are kept for the next batch."""
        return 0 if self._house is None else self._house.nbytes

    def write(
        self, ask: Callable[[], tuple[K, Passage] | None], report: Callable[[K, float], None]
    ) -> Iterator[Written[K]]:
        """Yield each line that `ask` gives as soon as it is done; `ask` is asked again then, None means none for now.

        `report` is called every few steps with the share of each line that is written; what it raises ends the batch.
        """
        waiting = ask()
        while waiting is not None:
            company = [waiting]
            while len(company) < self.size and (waiting := ask()) is not None:
                if waiting[1].company != company[0][1].company:
                    break
                company.append(waiting)
            else:
                waiting = None
            more: list[tuple[K, Passage]] = [] if waiting is None else [waiting]
            yield from self._together(company, more, ask, report)
            waiting = more.pop() if more else ask()

    def _together(
        self,
        lines: list[tuple[K, Passage]],
        more: list[tuple[K, Passage]],
        ask: Callable[[], tuple[K, Passage] | None],
        report: Callable[[K, float], None],
    ) -> Iterator[Written[K]]:
        """Write lines of one company, and all of that company that are asked for meanwhile; leave another in `more`."""
        company = lines[0][1].company
        house = self._housed(len(lines), *company)
        sampler = Sampler(len(lines), self._decoder.device)
        places: list[_Place[K] | None] = [None] * len(lines)
        for index, (key, line) in enumerate(lines):
            places[index] = self._begin(index, key, line, house, sampler)
        step = 0
        while any(places):
            for index, place in enumerate(places):
                if place is None or not place.done:
                    continue
                places[index] = None
                house.leave(index)
                yield self._written(place)
                coming = None if more else ask()
                if coming is not None and coming[1].company != company:
                    more.append(coming)
                elif coming is not None:
                    places[index] = self._begin(index, *coming, house, sampler)
            if any(places):
                with torch.inference_mode():
                    self._step(places, house, sampler)
            if step % EVERY == 0:
                for place in filter(None, places):
                    report(place.key, place.share)
            step += 1
        self._house = house

    def _housed(self, *kind: Any) -> _House:
        """Return an empty house, the last one where it fits; it is this batch's alone until that is done."""
        house, self._house = self._house, None
        if house is None or house.kind != kind:
            del house  # before there is another
            house = _House(self._decoder, self._positions, *kind)
        return house

    def _begin(self, index: int, key: K, line: Passage, house: _House, sampler: Sampler) -> _Place[K]:
        score = lay_out(line.opening, line.steps, self._delays, self._decoder.anatomy.card)
        ahead = max(len(each.before) for each in (line.steering, line.away) if each is not None)
        if ahead + score.tokens.shape[1] > self._positions:
            raise ValueError(f"{line.steps} steps behind {ahead + score.start - 1} are more than {self._positions}")
        sampler.begin(index, line.controls, line.seed)
        with torch.inference_mode():
            # All that is known before the first draw is heard in one pass, but for its last position.
            known = self._decoder.embed(score.tokens[:, : score.start - 1].T.to(self._decoder.device))
            house.enter(index, line, known)
        return _Place(key, line, score.tokens, score.free, score.start)

    def _step(self, places: Sequence[_Place[K] | None], house: _House, sampler: Sampler) -> None:
        nothing = torch.full((self._decoder.anatomy.codebooks,), self._decoder.anatomy.card)
        fed = torch.stack([nothing if p is None else p.tokens[:, p.position - 1] for p in places])
        logits = sampler.guided(house.hear(fed.to(self._decoder.device)))
        numbers = logits.isfinite().flatten(1).all(dim=1).tolist()
        free = [None if p is None else p.free[:, p.position] for p in places]
        drawn = sampler.draw(logits, [each is not None and bool(each.any()) for each in free]).cpu()
        for index, place in enumerate(places):
            if place is None:
                continue
            at = place.position
            place.tokens[:, at] = torch.where(free[index], drawn[index], place.tokens[:, at])
            place.sound &= numbers[index]
            place.position += 1

    def _written(self, place: _Place[K]) -> Written[K]:
        steps = place.line.opening.shape[1] + place.line.steps
        return Written(place.key, read_off(place.tokens, self._delays, steps), place.sound)


class _House:
    """What is heard at every place of a batch: with what steers its line, and with what guidance leads away from.

    Both are rows of one batch, all prompts before all others, or, `apart`, of two that take turns.
    """

    def __init__(self, decoder: Decoder, positions: int, size: int, guided: bool, apart: bool) -> None:
        self.kind, self._size = (size, guided, apart), size
        rows = [size, size] if apart else [2 * size if guided else size]
        self._hearings = [Hearing(decoder, count, positions) for count in rows]

    @property
    def nbytes(self) -> int:
        """Bytes of memory that it has taken so far."""
        return sum(hearing.nbytes for hearing in self._hearings)

    def _rows(self, index: int) -> list[tuple[Hearing, int]]:
        """Return where a place is heard: first steered, then, if at all, led away from."""
        return [(hearing, row) for hearing in self._hearings for row in range(index, hearing.rows, self._size)]

    def enter(self, index: int, line: Passage, known: torch.Tensor) -> None:
        """Let a line begin at a place, behind the vectors of what is `known` of it, [positions, width]."""
        for steering, (hearing, row) in zip((line.steering, line.away), self._rows(index), strict=False):
            if steering is not None:
                hearing.begin(row, steering.words, torch.cat([steering.before, known]))

    def hear(self, codes: torch.Tensor) -> torch.Tensor:
        """Hear the codes [places, codebooks] of a step; return the logits of all rows, those steered first."""
        return torch.cat([each.step(codes.repeat(each.rows // self._size, 1)) for each in self._hearings])

    def leave(self, index: int) -> None:
        """Let a place be empty: it costs nothing until a line begins there."""
        for hearing, row in self._rows(index):
            hearing.end(row)
