"""The review room on the web: pages, JSON and sounds of one library."""
