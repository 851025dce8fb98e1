"""A small HTTP/1.1 server. It knows nothing of cameras."""
