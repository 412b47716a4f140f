"""The drummer's vocabulary by groove, as rows of sixteen slots a bar.

"X" accent, "x" full, "o" soft, "," barely, "." silence. Tops go from sparse to busy.
"""

from __future__ import annotations

from dataclasses import dataclass

TOUCH = {"X": 0.92, "x": 0.74, "o": 0.5, ",": 0.26}
"""The velocity a mark stands for."""

Rows = dict[str, str]
"""Sixteen slots for each drum."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What one groove is made of. `shine` is the cymbal of its arrivals, `fills` names its fills."""

    kicks: tuple[str, ...]
    backs: tuple[Rows, ...]
    ghosts: tuple[str, ...]
    tops: tuple[Rows, ...]
    fills: str
    shine: str


_BACKBEAT = "....X.......X..."

VOCABULARY = {
    "boom bap": Vocabulary(
        kicks=(
            "X......o..x.....", "X.....x...x.....", "X.o.......x..o..", "X.........x....o", "X.....o.x.....o.",
            "X......xx.......", "X..o....o.x.....", "X.x.....o.x.....", "X......o.ox.....", "X.....x....o..o.",
        ),
        backs=({"snare": _BACKBEAT}, {"snare": _BACKBEAT}, {"snare": "....X.......x..,"}, {"snare": _BACKBEAT,
               "rim": "............o..."}),
        ghosts=(".......,........", ".......,.,......", "..............,.", ".........,....,.", "..,....,.......,",
                "......,..,.....,"),
        tops=(
            {"hat": "o...o...o...o..."}, {"hat": "..x...x...x...x."}, {"hat": "x.o.x.o.x.o.x.o."},
            {"hat": "x.o.x.o.x.oox.o."}, {"hat": "x.,ox.o.x.o,x.o."}, {"hat": "x.oox.o,x.oox.o.",
             "open hat": "..............o."},
        ),
        fills="dusty", shine="crash",
    ),
    "half time": Vocabulary(
        kicks=("X.....o.........", "X..o..........o.", "X.....x.....o...", "X.........o.....", "X..o..x.......o.",
               "X......o......o."),
        backs=({"snare": "........X......."}, {"snare": "........X......,"}, {"rim": "........x.......",
               "snare": "........o......."}),
        ghosts=("............,...", "......,.......,.", "..........,.....", "....,.......,..."),
        tops=(
            {"hat": "o.......o......."}, {"hat": "x...o...x...o..."}, {"hat": "x.o.x.o.x.o.x.o."},
            {"hat": "x.o.x.o.x.ooo.o."}, {"hat": "x,o,x.o.xooox.o."},
        ),
        fills="dusty", shine="crash",
    ),
    "shuffle": Vocabulary(
        kicks=("X.......x.......", "X.....o.x.......", "X.......x.....o.", "X.....o...o.....", "X...o...x...o..."),
        backs=({"snare": _BACKBEAT}, {"snare": _BACKBEAT}, {"rim": "....x.......x...", "snare": "....o.......o..."}),
        ghosts=("..,...,...,...,.", "......,.......,.", "..,.......,.....", "......,...,....."),
        tops=(
            {"hat": "x...x...x...x..."}, {"ride": "o...o.,.o...o.,."}, {"hat": "x.o.x.o.x.o.x.o."},
            {"hat": "x.o.X.o.x.o.X.o."}, {"ride": "x.o.x.o.x.o.x.o.", "hat": "....o.......o..."},
        ),
        fills="dusty", shine="ride",
    ),
    "brushes": Vocabulary(
        kicks=("o.......,.......", "o.......o.......", "o.......,.....,.", "o...,...o...,...", "................"),
        backs=({"snare": "....o.......o..."}, {"snare": "....o.......x..."}, {"rim": "............o...",
               "snare": "....o..........."}),
        ghosts=("......,.......,.", "..............,.", "......,...,.....", "..,...........,."),
        tops=(
            {"brush": "o.......o......."}, {"brush": "o...o...o...o..."}, {"brush": "x...o...x...o...",
             "hat": "....,.......,..."}, {"brush": "x...x.o.x...x.o."}, {"brush": "o...o...o...o...",
             "ride": "o...o.,.o...o.,."}, {"brush": "x...x...x...x...", "ride": "o...x.o.o...x.o.",
             "hat": "....o.......o..."},
        ),
        fills="brush", shine="ride",
    ),
    "bossa": Vocabulary(
        kicks=("x.....o.x.....o.", "x..o....x..o....", "x..ox..ox..ox..o", "o.......o.....,.", "x.....o.x......."),
        backs=({"rim": "x..x..x...x..x.."}, {"rim": "..x...x.x..x..x."}, {"rim": "x..x...x..x..x.."},
               {"rim": "......x.....x..."}),
        ghosts=("................", ".....,.......,..", "..............,."),
        tops=(
            {"shaker": "o...,...o...,..."}, {"shaker": "o.,.o.,.o.,.o.,."}, {"shaker": "o,o,o,o,o,o,o,o,"},
            {"shaker": "x,o,x,o,x,o,x,o,"}, {"shaker": "x,o,x,o,x,o,x,o,", "brush": "....o.......o..."},
        ),
        fills="bossa", shine="ride",
    ),
}  # fmt: skip

FILLS: dict[str, tuple[tuple[Rows, int], ...]] = {
    "dusty": (
        ({"snare": "............X...", "ghost": ".............,oo"}, 12),
        ({"snare": "............x.ox"}, 12),
        ({"kick": "............o..o", "snare": "............X.x."}, 12),
        ({"tom": "..........o.xoxo"}, 10),
        ({"snare": "............X..."}, 13),
        ({}, 12),
        ({}, 8),
        ({"open hat": "..............x.", "snare": "............X..."}, 12),
        ({"ghost": "........,.,o.oo.", "snare": "............x..x"}, 8),
        ({"kick": "..............o.", "rim": "............o.o."}, 12),
    ),
    "brush": (
        ({"ghost": "..........,.,.oo", "brush": "............x..."}, 10),
        ({"brush": "............X..."}, 12),
        ({"snare": "............o.,o"}, 12),
        ({"tom": "............o.,o", "brush": "............o..."}, 12),
        ({}, 12),
    ),
    "bossa": (
        ({"rim": "............x.xo"}, 12),
        ({"tom": "............o.oo", "shaker": "............o,o,"}, 12),
        ({"shaker": "............xoxo"}, 12),
        ({}, 12),
        ({"rim": "..........x..x..", "kick": "..............o."}, 8),
    ),
}
"""What ends a passage: rows that take over from the slot given. An empty one is a held breath."""
