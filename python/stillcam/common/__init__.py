"""What every package uses: errors, logs, paths, files, time. Nothing here knows of cameras or of HTTP."""
