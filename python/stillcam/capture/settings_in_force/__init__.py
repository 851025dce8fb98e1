"""The settings that the camera runs with.

`pending_settings` has those of the file, on trial until the first picture made with them; `profile_watch` has the
profile that changes some of them.
"""
