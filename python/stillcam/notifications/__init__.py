"""Events, and the programs that are notified of them.

Reading order: `events` and `sources` (what can happen), `notifier` (the thread that detects), `receivers` and
`receiver` (those who are notified: a queue with retries each), `webhook`, `apprise_channel` and `mqtt_channel` (how
messages reach them), `command_hook` (the owner's command for new items).
"""
