"""A part whose library is not installed."""

raise ModuleNotFoundError("No module named 'audiocraft'", name="audiocraft")
