"""The command socket between the web server and the capture daemon: one JSON line each way.

Reading order: `protocol` (client and server of the socket), `daemon_client` (the server's cached view of the daemon).
"""
