"""Motion: which frames show something that moves.

`detector.Detector` looks at one frame after the other: `background` has the picture of what stands still and how much
each pixel of it varies; `blocks` finds connected blocks of pixels that differ from it; `zones` says where they count.
"""
