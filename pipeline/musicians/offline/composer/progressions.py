"""The harmonic phrase book: four-bar subjects, ways away from home, and ways back, in Roman numerals.

Bars are parted by "|"; two chords in a bar share it. Tags are the colours of character.py; "plain" suits any mood.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Phrase:
    """A few bars of numerals and the colours they have."""

    text: str
    tags: tuple[str, ...]

    @property
    def bars(self) -> tuple[tuple[str, ...], ...]:
        """The numerals, bar by bar."""
        return tuple(tuple(bar.split()) for bar in self.text.split("|"))


def _book(*lines: str) -> tuple[Phrase, ...]:
    pairs = (line.split(" : ") for line in lines)
    return tuple(Phrase(text, tuple(tags.split())) for text, tags in pairs)


SUBJECTS = {
    "major": _book(
        "Imaj9 | vi9 | ii9 | V13sus V7b9 : plain turnaround",
        "Imaj9 | iii7 vi9 | ii9 | bII7#11 : turnaround chromatic",
        "Imaj9 | VI7b9 | ii9 | V13 : turnaround",
        "Imaj9 | IVmaj9 | iii7 vi9 | ii9 V13 : plain rising",
        "Imaj9 | v9 I13 | IVmaj9 | iv6 bVII9 : borrowed",
        "Imaj9 #idim7 | ii9 #iidim7 | iii7 VI7b9 | ii9 V13 : rising chromatic turnaround",
        "IVmaj9 | iii7 | ii9 | Imaj9 : falling plain vamp",
        "IVmaj9 iv6 | iii7 VI7b9 | ii9 V13 | Imaj9 : borrowed turnaround",
        "Imaj9 | II9 | ii9 V13 | Imaj9 : lydian",
        "Imaj9 | Imaj9/3 | IVmaj9 | iv6 : borrowed rising",
        "vi9 | ii9 | V13 | Imaj9 : plain turnaround",
        "ii9 | V13 | Imaj9 | Imaj9 VI7b9 : turnaround plain",
        "Imaj9 iii7/7 | vi9 vi7/5 | IVmaj9 iv6 | Imaj9 V13sus : falling cliche borrowed",
        "Imaj9 | ii11 | Imaj9/3 | IVmaj9 V9sus : rising plain vamp",
        "Imaj9 | IVmaj7#11 | Imaj9 | IVmaj7#11 V9sus : vamp lydian plain",
        "Imaj9 | bVIImaj9 | IVmaj9 | iv6/9 : lydian borrowed falling",
        "Imaj9 | IVmaj9 bVII13 | Imaj9 | vi9 bII7#11 : borrowed chromatic",
        "I6/9 biiidim7 | ii9 V13 | I6/9 VI7b9 | ii9 bII7#11 : chromatic turnaround",
        "Imaj13 | bIIImaj9 | IVmaj9 | iv6 : borrowed chromatic",
        "add | IVmaj9/1 | Imaj9 | ii9/1 V9sus : vamp lydian".replace("add", "Iadd9"),
    ),
    "minor": _book(
        "i9 | bVImaj9 | iv9 | V7alt : plain falling",
        "i9 | iv9 | bVII13 bIIImaj9 | iiø V7b9 : turnaround plain",
        "i9 | IV13 | i9 | IV13 V7alt : vamp plain",
        "i9 | i9/b7 | bVImaj9 | V9sus V7b9 : falling plain",
        "iadd9 | imaj7 | i7 | i6 : cliche",
        "i9 | v9 | bVImaj9 | V7b9 : vamp plain",
        "i9 | v9 | iv9 | iiø V7b9 : falling",
        "bVImaj9 | V7alt | i9 | v9 I7b9 : turnaround",
        "i9 | bIImaj9 | i9 | bIImaj9 V7b9 : vamp chromatic lydian",
        "i11 | iv9 | i11 | bVI9 V7alt : chromatic borrowed",
        "i9 imaj7 | i7 i6 | iv9 | iiø V7alt : cliche falling",
        "i9 | iiø V7b9 | i9 | bVImaj9 V7b9 : turnaround rising",
        "iv9 | V7alt | i9 | i6/9 : plain turnaround rising",
        "i9 | bIII13 | bVImaj9 | bII7#11 V7alt : chromatic borrowed",
        "i9 | iv9/1 | i9 | V7b9/1 : vamp cliche",
        "i9 v9/b7 | bVImaj9 iv9 | i9/5 iiø | V9sus V7b9 : falling cliche",
        "i9 | ii11 | bIIImaj9/5 | iv9 V7b9 : rising borrowed",
        "i9 | bVII9sus | bVImaj9 | V9sus V7alt : falling plain borrowed",
        "i6/9 | IV13 | bVImaj7#11 | V7alt : lydian borrowed",
        "i9 idim7 | iiø V7b9 | i9 bVI9 | iiø V7alt : chromatic turnaround",
    ),
}
AWAY = {
    "major": _book(
        "IVmaj9 | bVII13 | iii7 | VI7b9 : borrowed turnaround",
        "vi9 | III7b9 | IVmaj9 | iv6 : borrowed falling",
        "IVmaj9 | #ivø VII7b9 | iii7 | vi9 : rising chromatic",
        "iii7 | biiidim7 | ii9 | iv6 bVII9 : falling chromatic",
        "ii9 | iii7 | IVmaj9 | V9sus : rising plain",
        "bVImaj9 | bVII9 | Imaj9 | VI7b9 : borrowed lydian",
        "IVmaj9 | V9/4 | iii7 | vi9 : plain vamp falling",
        "vi9 | vi7/5 | #ivø | IVmaj9 : cliche falling",
        "v9 | I13 | IVmaj9 | iv6 : borrowed turnaround",
        "iv9 | bVII13 | bIIImaj9 | bVImaj9 : borrowed chromatic",
    ),
    "minor": _book(
        "bVImaj9 | bVII13 | i9 | I7b9 : plain rising",
        "iv9 | bVII13 | bIIImaj9 | bVImaj9 : turnaround plain",
        "bIIImaj9 | bVII9 | iv9 | i9/b3 : rising plain",
        "iv9 | i9/b3 | bII7#11 | i9 : chromatic falling",
        "bVImaj7#11 | v9 | iv9 | i9/b3 : falling lydian",
        "iv9 | iv6 | i9/5 | I7b9 : cliche",
        "v9 | I7b9 | iv9 | bVII13 : turnaround borrowed",
        "bVImaj9 | bVI9 | i9/5 | VI7b9 : borrowed chromatic".replace("VI7b9 :", "bVI13 :"),
        "bIImaj9 | bVImaj9 | iv9 | bIImaj9 : vamp lydian",
    ),
}
BACK = {
    "major": _book(
        "ii9 | iv6 | Imaj9/5 VI7b9 | ii9 V13 : borrowed turnaround",
        "ii9 | iii7 | IVmaj9 | V13sus V7b9 : rising plain",
        "II9 | II9 | ii9 | V9sus : lydian vamp",
        "IVmaj9 | iv6 | iii7 biiidim7 | ii9 bII7#11 : falling chromatic borrowed",
        "vi9 | II9 | ii9 V9sus | V7b9 : plain cliche",
        "ii9 V13 | iii7 VI7b9 | ii9 V13 | V9sus V7alt : turnaround chromatic",
    ),
    "minor": _book(
        "iv9 | iiø | i9/5 bVI9 | V7alt : chromatic falling",
        "iiø | V7b9 | i9 bVImaj9 | V9sus V7b9 : turnaround plain",
        "bVImaj9 | iiø | V9sus | V7b9 : plain falling vamp",
        "iv9 | v9 | bVImaj9 | V9sus V7alt : rising",
        "II9 | II9 | iiø | V7b9 : borrowed lydian",
        "i9/b3 iv9 | #ivdim7 i9/5 | bVI9 | V7alt : cliche chromatic rising",
    ),
}
CLOSES = {
    "major": _book(
        "ii9 V13 | Imaj9 : plain turnaround",
        "iv6 bVII9 | Imaj9 : borrowed",
        "ii9 bII7#11 | I6/9 : chromatic",
        "V13sus V7b9 | Imaj9 : plain vamp lydian",
        "IVmaj9 V13 | Imaj9 : rising",
        "ii9 V7alt | I6/9 : turnaround chromatic cliche",
        "iv6/9 V13b9 | Imaj9 : borrowed falling",
    ),
    "minor": _book(
        "iiø V7b9 | i9 : plain turnaround",
        "iv9 V7alt | i9 : falling cliche",
        "bVImaj9 V7b9 | i9 : vamp lydian",
        "bVI9 V7alt | i6/9 : chromatic",
        "V9sus V7b9 | i9 : rising plain",
        "iiø bII7#11 | i9 : chromatic borrowed",
    ),
}
LAST = {"major": ("I6/9", "Imaj9", "Iadd9"), "minor": ("iadd9", "i9", "i6/9")}
VAMPS = {
    "major": _book(
        "Imaj9 | ii9/1 : plain vamp lydian",
        "Imaj9 | IVmaj9/1 : plain vamp rising",
        "Imaj9 | iv6/1 : borrowed cliche",
        "Imaj9 | V9sus/1 : falling turnaround",
        "Imaj13 | bVII9 : chromatic borrowed",
    ),
    "minor": _book(
        "i9 | iv9/1 : plain vamp",
        "i9 | bVImaj9/1 : falling lydian",
        "iadd9 | imaj7 : cliche",
        "i9 | bIImaj9/1 : chromatic",
        "i11 | IV9/1 : turnaround rising borrowed",
    ),
}
