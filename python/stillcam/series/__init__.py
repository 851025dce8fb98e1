"""Series: stills kept in order on a plan, for weeks.

When a shot is due is a pure function of the plan, of what has been dealt with, and of the
time (`plan`, `slots`, `progress`): no clock is read here, and no camera is touched.
"""
