"""Stands in for picamera2.devices."""
