"""Options and arguments of `lofi` whose wrong values are refused in our own words: what was given, and what it must be.

Every verb declares its own with `option` and `argument`, so that there is one way in which a value is refused.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import click

_Verb = TypeVar("_Verb", bound=Callable[..., Any])
_SHOWN = 60
"""Characters that are repeated of what was given."""


class BadValue(click.UsageError):
    """A value that an option or argument cannot have. The message is a whole sentence."""


class _Refusing(click.Parameter):
    """Says in our own words what is wrong with a number or a choice."""

    def type_cast_value(self, ctx: click.Context, value: Any) -> Any:
        """Return the value as its type. Raises BadValue."""
        try:
            made = super().type_cast_value(ctx, value)
        except click.BadParameter:
            wanted = _wanted(self.type)
            if not wanted:
                raise
            raise BadValue(self._refusal(ctx, self._wrong(ctx, value), wanted), ctx) from None
        for number in made if isinstance(made, tuple) else (made,):
            if isinstance(number, float) and not math.isfinite(number):
                raise BadValue(self._refusal(ctx, number, _wanted(self.type)), ctx)
        return made

    def _wrong(self, ctx: click.Context, value: Any) -> Any:
        """Return the first that cannot be, of several values."""
        for each in _several(value):
            try:
                self.type.convert(each, self, ctx)
            except click.BadParameter:
                return each
        return value

    def _refusal(self, ctx: click.Context, given: object, wanted: str) -> str:
        from pipeline.domain.line import one_line

        default = self.get_default(ctx)
        usual = isinstance(default, int | float) and not isinstance(default, bool)
        example = f", such as {default:g}" if usual else ""
        name = self.opts[0] if self.param_type_name == "option" else self.make_metavar(ctx)
        return f"{name} is “{one_line(str(given))[:_SHOWN]}”, and must be {wanted}{example}."


class Option(_Refusing, click.Option):
    """An option of a verb."""


class Argument(_Refusing, click.Argument):
    """An argument of a verb."""


def option(*names: str, **how: Any) -> Callable[[_Verb], _Verb]:
    """Return what gives a verb an option, described as for click.option."""
    return click.option(*names, cls=Option, **how)


def argument(name: str, **how: Any) -> Callable[[_Verb], _Verb]:
    """Return what gives a verb an argument, described as for click.argument."""
    return click.argument(name, cls=Argument, **how)


def _several(value: Any) -> Iterable[Any]:
    return value if isinstance(value, list | tuple) else (value,)


def _wanted(kind: click.ParamType[Any]) -> str:
    """Return what a value must be, "" where the type says that better itself."""
    if isinstance(kind, click.Choice):
        return f"one of {', '.join(map(str, kind.choices))}"
    whole = isinstance(kind, type(click.INT))
    if not whole and not isinstance(kind, type(click.FLOAT)):
        return ""
    what = "a whole number" if whole else "a number"
    if not isinstance(kind, click.IntRange | click.FloatRange):
        return what
    if kind.min is not None and kind.max is not None and not (kind.min_open or kind.max_open):
        return f"{what} from {kind.min:g} to {kind.max:.0f}"
    low = "" if kind.min is None else f"above {kind.min:g}" if kind.min_open else f"of {kind.min:g} or more"
    high = "" if kind.max is None else f"below {kind.max:.0f}" if kind.max_open else f"at most {kind.max:.0f}"
    return " ".join([what, " and ".join(filter(None, (low, high)))])
