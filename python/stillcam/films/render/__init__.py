"""`python -m stillcam.films.render ID`: the child process of the capture daemon that renders one film.

A process of its own, at the lowest priority: neither a crash of Pillow or ffmpeg nor their memory affects the shots.

`movie` makes films, `stills` the others, each one JPEG; `job` is what they get and return.
"""
