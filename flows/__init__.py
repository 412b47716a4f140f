"""The doors: everything that starts work."""
