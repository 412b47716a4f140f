"""Lines of codes written side by side: a line that is done gives its place to the next one at once.

Lines of any length, with openings of any length, share a batch; each has its own chance and controls, and nothing of
one line depends on the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import torch

from pipeline.domain import Controls, Seed
from pipeline.musicians.musicgen.decoder import Decoder, Hearing
from pipeline.musicians.musicgen.delays import lay_out, read_off
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
class Line:
    """A line to write: `steps` more behind the codes of an `opening`, int64 [codebooks, any length].

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
    line: Line
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
    """Writes lines with a decoder, up to `size` side by side, each up to `positions` long with all before it."""

    def __init__(self, decoder: Decoder, delays: Sequence[int], size: int, positions: int) -> None:
        self._decoder, self._delays = decoder, delays
        self._size, self._positions = size, positions

    def write(
        self, ask: Callable[[], tuple[K, Line] | None], report: Callable[[K, float], None]
    ) -> Iterator[Written[K]]:
        """Yield each line that `ask` gives as soon as it is done; `ask` is asked again then, None means none for now.

        `report` is called every few steps with the share of each line that is written; what it raises ends the batch.
        """
        waiting = ask()
        while waiting is not None:
            company = [waiting]
            while len(company) < self._size and (waiting := ask()) is not None:
                if waiting[1].company != company[0][1].company:
                    break
                company.append(waiting)
            else:
                waiting = None
            more: list[tuple[K, Line]] = [] if waiting is None else [waiting]
            yield from self._together(company, more, ask, report)
            waiting = more.pop() if more else ask()

    def _together(
        self,
        lines: list[tuple[K, Line]],
        more: list[tuple[K, Line]],
        ask: Callable[[], tuple[K, Line] | None],
        report: Callable[[K, float], None],
    ) -> Iterator[Written[K]]:
        """Write lines of one company, and all of that company that are asked for meanwhile; leave another in `more`."""
        guided, apart = company = lines[0][1].company
        size = len(lines)
        hearings = self._hearings(size, guided, apart)
        sampler = Sampler(size, self._decoder.device)
        places: list[_Place[K] | None] = [None] * size
        for index, (key, line) in enumerate(lines):
            places[index] = self._begin(index, key, line, hearings, sampler)
        step = 0
        while any(places):
            for index, place in enumerate(places):
                if place is None or not place.done:
                    continue
                places[index] = None
                yield self._written(place)
                if not more and (coming := ask()) is not None:
                    if coming[1].company == company:
                        places[index] = self._begin(index, *coming, hearings, sampler)
                    else:
                        more.append(coming)
            if any(places):
                with torch.inference_mode():
                    self._step(places, hearings, sampler)
            if step % EVERY == 0:
                for place in places:
                    if place is not None:
                        report(place.key, place.share)
            step += 1

    def _hearings(self, size: int, guided: bool, apart: bool) -> list[Hearing]:
        """Return what is heard, prompts before what guidance leads away from: as one batch, or each by itself."""
        if apart:
            return [Hearing(self._decoder, size, self._positions) for _ in range(2)]
        return [Hearing(self._decoder, 2 * size if guided else size, self._positions)]

    def _begin(self, index: int, key: K, line: Line, hearings: list[Hearing], sampler: Sampler) -> _Place[K]:
        score = lay_out(line.opening, line.steps, self._delays, self._decoder.anatomy.card)
        sampler.begin(index, line.controls, line.seed)
        # All that is known before the first draw is heard in one pass, but for its last position.
        ahead = len(line.steering.before)
        if ahead + score.tokens.shape[1] > self._positions:
            raise ValueError(f"{line.steps} steps behind {ahead + score.start - 1} are more than {self._positions}")
        rows = self._rows(index, hearings, sampler.size)
        with torch.inference_mode():
            known = self._decoder.embed(score.tokens[:, : score.start - 1].T.to(self._decoder.device))
            for steering, (hearing, row) in zip((line.steering, line.away), rows, strict=True):
                if steering is not None:
                    hearing.begin(row, steering.words, torch.cat([steering.before, known]))
        return _Place(key, line, score.tokens, score.free, score.start)

    def _rows(self, index: int, hearings: list[Hearing], size: int) -> list[tuple[Hearing, int]]:
        return [(hearings[0], index), (hearings[-1], index if len(hearings) == 2 else size + index)]

    def _step(self, places: Sequence[_Place[K] | None], hearings: list[Hearing], sampler: Sampler) -> None:
        nothing = torch.full((self._decoder.anatomy.codebooks,), self._decoder.anatomy.card)
        fed = torch.stack([nothing if p is None else p.tokens[:, p.position - 1] for p in places])
        fed = fed.to(self._decoder.device)
        logits = torch.cat(
            [hearing.step(fed.repeat(hearing.rows // len(places), 1, 1).flatten(0, 1)) for hearing in hearings]
        )
        logits = sampler.guided(logits)
        numbers = logits.isfinite().flatten(1).all(dim=1).tolist()
        free = [None if p is None else p.free[:, p.position] for p in places]
        drawn = sampler.draw(logits, [each is not None and bool(each.any()) for each in free]).cpu()
        for index, place in enumerate(places):
            if place is None:
                for hearing, row in self._rows(index, hearings, len(places))[: 1 + (hearings[-1].rows > len(places))]:
                    hearing.forget(row)
                continue
            at = place.position
            place.tokens[:, at] = torch.where(free[index], drawn[index], place.tokens[:, at])
            place.sound &= numbers[index]
            place.position += 1

    def _written(self, place: _Place[K]) -> Written[K]:
        steps = place.line.opening.shape[1] + place.line.steps
        return Written(place.key, read_off(place.tokens, self._delays, steps), place.sound)
