"""Scripts, styles and typefaces: read once, served by name, so that no request names a path."""

from __future__ import annotations

import hashlib
import importlib.util
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.responses import Response

from pipeline.errors import BackendUnavailable

HERE = Path(__file__).parent
_TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}
_FONTS = {
    "serif.ttf": ("font_source_serif_pro", "SourceSerifPro-Regular.ttf"),
    "serif-semibold.ttf": ("font_source_serif_pro", "SourceSerifPro-Semibold.ttf"),
    "serif-italic.ttf": ("font_source_serif_pro", "SourceSerifPro-It.ttf"),
    "sans.ttf": ("font_manrope", "Manrope-VariableFont_wght.ttf"),
}
FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}


class Asset(NamedTuple):
    """A file of the page, and its type."""

    body: bytes
    media_type: str


@lru_cache(maxsize=1)
def assets() -> dict[str, Asset]:
    """Everything in static/, by name."""
    files = sorted(file for file in (HERE / "static").iterdir() if file.suffix in _TYPES)
    return {file.name: Asset(file.read_bytes(), _TYPES[file.suffix]) for file in files}


@lru_cache(maxsize=1)
def edition() -> str:
    """What stands in the address of every asset: another one after every change, so that they may be kept for ever."""
    digest = hashlib.sha256()
    for name, asset in assets().items():
        digest.update(name.encode() + b"\0" + asset.body)
    return digest.hexdigest()[:12]


@lru_cache(maxsize=8)
def typeface(name: str) -> bytes:
    """A typeface from the package that brings it. Raises BackendUnavailable when that is not installed."""
    package, file = _FONTS[name]
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        remedy = f"Install it with: pip install {package.replace('_', '-')}"
        raise BackendUnavailable(f"The typeface package {package} is not installed.", remedy)
    return (Path(spec.submodule_search_locations[0]) / "files" / file).read_bytes()


router = APIRouter(include_in_schema=False)


@router.api_route("/static/{version}/{name}", methods=["GET", "HEAD"])
async def static(version: str, name: str) -> Response:
    """A script or style sheet."""
    asset = assets().get(name)
    if asset is None:
        raise HTTPException(404)
    headers = FOR_EVER if version == edition() else {"Cache-Control": "no-store"}
    return Response(asset.body, media_type=asset.media_type, headers=headers)


@router.api_route("/favicon.svg", methods=["GET", "HEAD"])
@router.api_route("/favicon.ico", methods=["GET", "HEAD"])
async def icon() -> Response:
    """The label's mark."""
    asset = assets()["mark.svg"]
    return Response(asset.body, media_type=asset.media_type, headers={"Cache-Control": "max-age=86400"})


@router.api_route("/fonts/{name}", methods=["GET", "HEAD"])
def font(name: str) -> Response:
    """A typeface."""
    if name not in _FONTS:
        raise HTTPException(404)
    return Response(typeface(name), media_type="font/ttf", headers={"Cache-Control": "public, max-age=2592000"})
