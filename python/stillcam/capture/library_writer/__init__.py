"""Writes the library: items, sidecars, videos, and what retention deletes."""
