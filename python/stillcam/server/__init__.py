"""The web server: the process that answers HTTP, and the only one that listens on the network.

Read `__main__` (the process), `wiring` (what is built, in order), `app` (from a request to an answer), `route` (a
route, its access and its request), then `routes/`. `security/` decides who may do what, `live/` brings frames to
viewers, `event_stream` the status and its changes, `openapi/` describes the API and checks requests, `errors` gives a
cause its HTTP status, `own_address` asks a running server.
"""
