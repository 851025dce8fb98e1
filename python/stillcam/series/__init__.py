"""Series: stills taken on a schedule, for weeks.

Read `definition` (what an owner asks for) and `schedule` (when shots are due: pure functions, no clock is read) first.
On disk a series is a `folder` with its `manifest` and `state`; `recovery` repairs it after a crash, `retention` prunes
it. The capture daemon runs it: `running` (one series), `scheduler` (all of them), `commands`. The server and the
command line read it: `reader`, with `estimate`.
"""
