"""The rpicam driver: rpicam-still and rpicam-vid as child processes."""
