"""Motion: which frames show something that moves.

`detector.Detector` looks at one frame after the other: `background` has the mean of each pixel and how much it varies;
`blocks` finds connected blocks of pixels that differ from it; `zones` says where they count. `events` joins frames with
motion into events.
"""
