"""The frames in `images/`, and the structure of JPEG files.

Reading order: `files` (names, publishing and reading of frames), `jpeg` (validation, splitting of streams), `exif` (the
thumbnail).
"""
