"""Stillcam: a simple camera server for the Raspberry Pi."""

__version__ = "0.2.0"
