"""What is drawn into pictures: privacy masks, and a stamp.

Reading order: `masks` (which blocks of a picture a mask covers), `jpeg_layout` (the blocks of a JPEG), `coefficients`
(replaces blocks without decoding the others, by libturbojpeg), `draw` (a JPEG with its masks), `black` (a picture in
place of one that cannot be masked), `stamp` (a line of text), `preview` (a stamp that is being edited).
`python -m stillcam.edits` draws into a file in a process of its own.
All of it is imported only where something is drawn.
"""
