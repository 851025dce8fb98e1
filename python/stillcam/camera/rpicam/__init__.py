"""The rpicam driver: rpicam-still and rpicam-vid as child processes. Read the modules in this order.

driver.py         implements Driver
options.py        settings -> command lines
process.py        finds, starts and stops the programs
watch_files.py    reports closed files, the proof of a capture
metadata_pipe.py  reads the metadata of live frames
listing.py        reads --list-cameras
errors.py         what a program prints when it fails -> cause and reason; options that it does not support
"""
