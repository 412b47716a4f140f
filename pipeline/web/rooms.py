"""How routes get at what stands behind them."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import Depends, Path, Request

from pipeline.review.views import Name, Number
from pipeline.web.behind import Jobs, Library

ID_LIMIT = 2**53


def _library(request: Request) -> Library:
    return cast("Library", request.app.state.room)


def _jobs(request: Request) -> Jobs:
    return cast("Jobs", request.app.state.jobs)


TheLibrary = Annotated[Library, Depends(_library)]
TheJobs = Annotated[Jobs, Depends(_jobs)]

SlugInPath = Annotated[Name, Path(description="An album or mix.")]
NumberInPath = Annotated[Number, Path(description="The number of a track, take or clip, from 1.")]
IdInPath = Annotated[int, Path(ge=1, le=ID_LIMIT)]
