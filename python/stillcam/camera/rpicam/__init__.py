"""The rpicam driver: rpicam-still and rpicam-vid as child processes. Read the modules in this order.

driver.py    implements Driver
options.py   settings -> command lines
process.py   the programs, their closed files (the proof of a capture) and their metadata
listing.py   reads --list-cameras
errors.py    what a program prints when it fails -> cause and reason; options that it does not support
"""
