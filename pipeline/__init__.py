"""The label's plain Python: what an album is and how one is made. Nothing here knows Prefect."""

__version__ = "0.1.0"
