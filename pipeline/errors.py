"""Every error the label raises on purpose.

    LofiError                   one clear line for a person; never a traceback
    ├── BadBrief                the request cannot be met: an album, or a file to hear (exit 2)
    ├── BadSettings             a setting or environment variable is wrong (exit 2)
    ├── PromptError             a file in prompts/ is missing, malformed or lacks a variable (exit 2)
    ├── ShelfError              the library cannot be used: read-only, full, not a folder (exit 2)
    │   └── DiskFull            no room; names the path and the bytes (exit 2)
    ├── Damaged                 a file does not match its record, or does not decode (exit 1)
    │   └── DamagedModel        a file of a trained model is broken: the part cannot be used (exit 2)
    ├── TitleTaken              another album has one of the titles (exit 1)
    ├── Stale                   a decision is about another version than there is by now (exit 1)
    ├── NotApproved             nobody approved this version, so it may not leave (exit 1)
    ├── NotForSale              a licence forbids what was asked for (exit 1)
    ├── Busy                    others asked for the same just now (exit 1)
    ├── OffAir                  the studio of a radio cannot be reached (exit 1)
    ├── Held                    another process is writing this album (exit 3)
    ├── BackendUnavailable      a part of the studio is not installed or not configured (exit 2)
    ├── BackendFailed           a part of the studio failed; worth trying again (exit 1, retryable)
    │   └── OutOfMemory         memory ran out: worth trying again with less at once (exit 1, retryable)
    ├── Stopped                 it was asked to stop before it was done (exit 130)
    └── NeedsAttention          no take was good enough within the re-rolls allowed (exit 1)

A message says what happened; `remedy` says what to do next. Doors print both and exit with `exit_code`.
"""

from __future__ import annotations


class LofiError(Exception):
    """Base of all expected errors.

    `message` says what happened, `remedy` says how to go on. Both are plain English sentences.
    """

    exit_code = 1
    retryable = False

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message, remedy)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip()


class BadBrief(LofiError):
    """The request cannot be made into an album, or a file it names is nothing to hear."""

    exit_code = 2


class BadSettings(LofiError):
    """A setting is unknown or has a value it cannot have."""

    exit_code = 2


class PromptError(LofiError):
    """A template or word bank in prompts/ cannot be used."""

    exit_code = 2


class ShelfError(LofiError):
    """The library folder cannot be used."""

    exit_code = 2


class DiskFull(ShelfError):
    """The disk has no room for what is about to be written."""


class Damaged(LofiError):
    """A file on the shelf is missing, does not decode or does not match its recorded hash."""


class DamagedModel(Damaged):
    """A file of a trained model is missing, cut short or garbled: as good as a part that is not there."""

    exit_code = 2


class TitleTaken(LofiError):
    """Another album of the catalogue has one of the titles already."""


class Stale(LofiError):
    """A decision is about another version than there is by now, or somebody else has decided meanwhile.

    `yours` is what was wanted and `theirs` what there is now, each in a few words, where both are known.
    """

    def __init__(self, message: str, remedy: str = "", *, yours: str | None = None, theirs: str | None = None) -> None:
        super().__init__(message, remedy)
        self.yours = yours
        self.theirs = theirs


class NotApproved(LofiError):
    """Nobody approved this very version, so it may not leave the house."""


class NotForSale(LofiError):
    """A licence of something in it forbids to sell it."""


class Busy(LofiError):
    """Others have asked for the same just now; `seconds` says when it may be asked for again."""

    def __init__(self, message: str, remedy: str, seconds: int) -> None:
        super().__init__(message, remedy)
        self.seconds = seconds


class OffAir(LofiError):
    """The studio of a radio cannot be reached; what listeners hear goes on."""


class Held(LofiError):
    """Another living process is the writer of this album."""

    exit_code = 3


class BackendUnavailable(LofiError):
    """A part of the studio is not installed, not configured or unknown."""

    exit_code = 2


class BackendFailed(LofiError):
    """A part of the studio failed in a way that may pass when tried again."""

    retryable = True


class OutOfMemory(BackendFailed):
    """Memory ran out, of the machine or of the GPU, or a process died as processes do when it has."""


class Stopped(LofiError):
    """It was asked to stop: it was not begun, or was given up half-way."""

    exit_code = 130


class NeedsAttention(LofiError):
    """No take of a track was good enough, or a master missed its promise; what was spent is in the message."""
