"""What every package uses: errors, logs, paths, files, time. Nothing here knows of cameras or of HTTP.

Reading order: `errors`, `log`, `paths`; files: `atomic_write`, `safe_read`, `validate`, `deletion`, `folder_watch`,
`folders` (why one cannot be used), `disk_space`; the machine: `kernel_files`, `clock`, `networks` (of clients),
`systemd`; processes: `threads`, `child_process`; `formats` (times and sizes as text), `fonts`.
"""
