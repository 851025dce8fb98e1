"""The web server: the process that answers HTTP, and the only one that listens."""
