"""What the owner decides, and the table of libcamera's controls."""
