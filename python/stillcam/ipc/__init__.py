"""The command socket between the web server and the capture daemon: one JSON line each way."""
