"""LICENCES.md: what everything in a release was made with, under which licence, and whether it may be sold.

What is handed over (music, ambience, pictures) must stand under licences that are known to let it be sold: unknown is
no. Words and judgements bind only where a licence forbids commercial use by name. A title is too short to be anybody's,
and of a judgement nothing is handed over but the choice, so that a provider's terms or an unknown licence there is no
obstacle; but a licence that says "non-commercial" speaks of using the model at all, and it was used for selling.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipeline.domain import Backend
from pipeline.kit.markdown import escaped, table
from pipeline.kit.wording import counted
from pipeline.kit.work import Asset, Role, Work
from pipeline.licences import in_words, may_be_sold, not_for_sale

_HANDED_OVER: frozenset[Role] = frozenset(("music", "ambience", "picture"))
_FORBIDDEN = re.compile(r"(?i)(?<![a-z])nc(?![a-z])|non-?\s?commercial|research[- ]only|not for (sale|commercial)")
_SHOWN = 12
"""Reasons written out above the table; the table has all."""


def refusal(assets: Sequence[Asset]) -> list[str]:
    """Return every reason why these may not be sold: "track 2, “X”: facebook/musicgen-small, CC-BY-NC-4.0".

    Empty where they may. Each asset is named with every model or part of it that stands in the way.
    """
    return [
        f"{asset.what or asset.role}: {name}, {in_words(licence)}"
        for asset in assets
        for name, licence in _bound(asset)
        if _binds(asset.role, licence)
    ]


def remarks(assets: Sequence[Asset]) -> list[str]:
    """Return what does not forbid selling and should be known: words and judgements under terms or unknown licences."""
    said = [
        f"{asset.role}: {name}, {in_words(licence)}"
        for asset in assets
        for name, licence in _bound(asset)
        if not _binds(asset.role, licence) and not may_be_sold(licence)
    ]
    return list(dict.fromkeys(said))


def licences_page(work: Work) -> str:
    """Return LICENCES.md: the verdict in plain words, then one row for each asset."""
    rows = [
        (
            asset.what or asset.role,
            asset.by.title,
            _licences(asset.by),
            _models(asset.by),
            asset.source,
            asset.sha256,
        )
        for asset in work.assets
    ]
    heads = ("asset", "made by", "licence", "models", "source file", "SHA-256")
    return f"# Licences: {escaped(work.called)}\n\n{_verdict(work.assets)}\n{table(heads, rows)}"


def _verdict(assets: Sequence[Asset]) -> str:
    against, known = refusal(assets), remarks(assets)
    if not assets:
        said = "Nothing is recorded of what this was made with, so it **may not be sold**.\n"
    elif against:
        bound = not_for_sale(asset.by for asset in assets if refusal([asset]))
        said = (
            f"It **may not be sold**. {escaped(bound).removesuffix(': not for sale')} does not allow it, or is not "
            "known to. "
            "Selling is also what earns otherwise, such as advertisements beside a video. "
            f"What stands in the way, in {counted(len(against), 'place')}:\n\n{_items(against)}"
        )
    else:
        said = (
            "It **may be sold**: every licence of what is heard and seen is known to allow it. "
            "Some licences have rules of use or want their authors named all the same; the table names them.\n"
        )
    return said + (f"\nNo obstacle, but worth knowing:\n\n{_items(known)}" if known else "")


def _items(lines: Sequence[str]) -> str:
    more = f"- and {len(lines) - _SHOWN:,} more\n" if len(lines) > _SHOWN else ""
    return "".join(f"- {escaped(line)}\n" for line in lines[:_SHOWN]) + more


def _bound(asset: Asset) -> list[tuple[str, str]]:
    """Return what an asset was made with, as (name, licence): its models, and the part itself under its own licence."""
    by = asset.by
    models = [(model.name, model.licence) for model in by.weights]
    return [*models, *([] if by.licence in {licence for _, licence in models} else [(by.title, by.licence)])]


def _binds(role: Role, licence: str) -> bool:
    return not may_be_sold(licence) if role in _HANDED_OVER else _FORBIDDEN.search(licence) is not None


def _licences(by: Backend) -> str:
    return "; ".join(in_words(licence) for licence in by.licences)


def _models(by: Backend) -> str:
    said = [
        f"{model.name}, {f'commit {model.revision}, ' if model.revision else ''}SHA-256 {model.sha256}, {model.licence}"
        for model in by.weights
    ]
    return "; ".join(said) or "none"
