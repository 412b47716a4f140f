"""Credits: which software and which models made what, each with its licence."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.domain import Backend
from pipeline.kit.fit import octets, shortened
from pipeline.kit.wording import counted, listed, some
from pipeline.kit.work import Asset, Role
from pipeline.licences import in_words, may_be_sold

ROLES: dict[Role, str] = {
    "music": "Music",
    "ambience": "Ambience",
    "picture": "Pictures",
    "words": "Words",
    "judgement": "Takes chosen by",
}
"""How a credit begins, in the order of the credits."""

FEWEST_BYTES = 900
"""Room in which credits always fit, whoever made the release: see `credit_lines`."""
_WIDTHS = (200, 80, 40)
"""Units of a name or licence, tried in this order."""


def makers(assets: Sequence[Asset], role: Role) -> tuple[Backend, ...]:
    """Return everybody who made an asset in this role, once each."""
    return tuple(dict.fromkeys(asset.by for asset in assets if asset.role == role))


def is_trained(by: Backend) -> bool:
    """Whether a part works with a trained model.

    One with weights does. So, we must assume, does one without under anything but a licence of software: a writer
    that asks a model over the network has its provider's terms for a licence and keeps no weights here.
    """
    return bool(by.weights) or not may_be_sold(by.licence)


def model_names(makers: Sequence[Backend]) -> tuple[str, ...]:
    """Return the names of the trained models of some makers, once each; of one without weights, its own."""
    names = (name for by in makers if is_trained(by) for name in ([m.name for m in by.weights] or [by.title]))
    return tuple(dict.fromkeys(names))


def credit(by: Backend, width: int = 200) -> str:
    """Return one maker's credit: "musicgen 1.0, with facebook/musicgen-small (CC-BY-NC-4.0)".

    `width` is the most units of any name or licence in it.
    """
    named = [f"{shortened(model.name, width)} ({_licence(model.licence, width)})" for model in by.weights]
    alone = by.licence not in {model.licence for model in by.weights}
    own = f" ({_licence(by.licence, width)})" if alone else ""
    return f"{shortened(by.title, width)}{own}" + (f", with {listed(named)}" if named else "")


def credit_lines(assets: Sequence[Asset], room: int) -> str:
    """Return a line for each role, in at most `room` bytes (at least `FEWEST_BYTES`): "Music: ...".

    Names are shortened before anything else. A release by more makers than fit, which takes dozens, says how many
    there are in each role and where they are named.
    """
    everybody = [(role, makers(assets, role)) for role in ROLES]
    present = [(role, of_it) for role, of_it in everybody if of_it]
    for width in _WIDTHS:
        lines = [f"{ROLES[role]}: {'; '.join(credit(by, width) for by in of_it)}." for role, of_it in present]
        if octets("\n".join(lines)) <= room:
            return "\n".join(lines)
    bound = tuple(dict.fromkeys(_licence(licence, 40) for asset in assets for licence in asset.by.licences))
    lines = [
        f"{ROLES[role]}: {counted(len(of_it), 'part')} of the software, in LICENCES.md." for role, of_it in present
    ]
    return "\n".join([*lines, f"Licences: {shortened(some(bound, 6), 160)}."])


def _licence(text: str, width: int) -> str:
    """Return a licence without brackets of its own: "Apache-2.0 (painted by us)" gives "Apache-2.0, painted by us"."""
    name, _, remark = in_words(text).partition(" (")
    return shortened(f"{name}, {remark.removesuffix(')')}" if remark else name, width)
