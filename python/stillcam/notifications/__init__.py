"""Events, and the programs that are notified of them.

Reading order: `events` and `sources` (what can happen), `notifier` (the thread that detects and sends), `receiver` (a
queue with retries), `webhook` and `command_hook` (one kind of receiver each).
"""
