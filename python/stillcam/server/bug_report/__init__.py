"""The bug report: a text that an owner may publish.

Reading order: `text` (what is in it), `redaction` (what never is).
"""
