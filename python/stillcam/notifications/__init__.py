"""Events, and the programs that are notified of them.

Reading order: `events` (what can happen), `notifier` (the thread that detects and sends), `webhook` and `command_hook`
(one kind of receiver each).
"""
