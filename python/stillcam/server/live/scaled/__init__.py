"""The newest frame at a smaller width, for viewers with little bandwidth.

A child process scales, so that no other request waits for that and the server never loads Pillow.

Reading order: process (starts the child and sends it frames), __main__ (the child), frames (the newest frame, scaled
once for each width), feed (a stream of them).
"""
