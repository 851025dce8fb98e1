"""Films, contact sheets, keograms and star trails, made from the pictures of a series or of a range of the library.

`order` is what somebody asks for, `sources` finds the pictures, `record` and `store` are what is on disk: the server
and the command line read these. The capture daemon has a `queue` of films, adds those of each day (`daily`), and
renders one at a time in a child process (`process`, `render`), which runs `ffmpeg`.
"""
