"""Trained models on this machine: found, checked and named before anything is queued.

Nothing here loads a model or asks the network. A model is a folder or file of one's own, or a name on the hub whose
files are in the hub's cache. What can be wrong with it is found from names, sizes and headers.

hub.py knows how the hub's cache is laid out, layouts.py which files of a folder are loaded, soundness.py whether one
is whole, hashes.py what it hashes to; find.py puts them together.
"""

from pipeline.weights.find import SPARE, Found, find_file, find_model, footprint, licence_of
from pipeline.weights.hub import again, own_path
from pipeline.weights.layouts import AUDIOCRAFT, DIFFUSERS, LAYOUTS, OPEN_CLIP, TRANSFORMERS, Layout, missing
from pipeline.weights.soundness import check_file

__all__ = [
    "AUDIOCRAFT",
    "DIFFUSERS",
    "LAYOUTS",
    "OPEN_CLIP",
    "SPARE",
    "TRANSFORMERS",
    "Found",
    "Layout",
    "again",
    "check_file",
    "find_file",
    "find_model",
    "footprint",
    "licence_of",
    "missing",
    "own_path",
]
