"""The files of one take, on an album's shelf or beside a clip: its sound, its record, and the codes it came from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pipeline.domain import Backend, FileRecord, Loop, RenderOrder, Take
from pipeline.shelf.atomic import hash_file, sync_file
from pipeline.shelf.folder import Folder


@dataclass(frozen=True)
class TakeFiles:
    """Where a take lies: paths relative to `folder`, such as "takes/03-2.flac" for its `sound`."""

    folder: Folder
    sound: str
    record: str
    codes: str

    def put(
        self,
        order: RenderOrder,
        backend: Backend,
        *,
        frames: int,
        rate: int,
        fingerprint: str,
        peaks: str | None = None,
        write: Callable[[Path], None],
        codes: FileRecord | None = None,
        loop: Loop | None = None,
    ) -> Take:
        """Keep a finished render: `write` encodes it to the path it is given. Returns its record.

        The record, with the audio's hash, is on the disk before the audio gets its name: whatever is killed in
        between, the whole temp file is recognised by its hash and adopted, and no audio stands there unrecorded.
        """
        with self.folder.writing(self.sound) as temp:
            write(temp)
            sync_file(temp)
            digest, _ = hash_file(temp)
            take = Take(
                order=order,
                path=self.sound,
                sha256=digest,
                frames=frames,
                rate=rate,
                backend=backend,
                fingerprint=fingerprint,
                peaks=peaks,
                codes=codes,
                loop=loop,
            )
            self.folder.put(take, self.record)
        return take
