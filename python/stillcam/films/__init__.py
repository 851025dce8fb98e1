"""Films, contact sheets and keograms: made of the pictures of a series, or of a range of the library.

The capture daemon has them made (`stillcam.films.queue`, `stillcam.films.render`); here is what it shares
with those who look: what may be ordered, of which pictures it is made, and where it lies.
"""
