"""Profiles: settings for day and night, in force by the clock, the sun, the brightness or by hand.

Reading order: `definition` (a profile, its condition and its changes), `file` (data/profiles.json), `brightness`,
`choice` (which profile applies, and when that changes), `state` (data/profiles.state.json), `switch` (all of it, for
the capture daemon). What other processes need of the profile in force is in `stillcam.settings.in_force`.
"""
