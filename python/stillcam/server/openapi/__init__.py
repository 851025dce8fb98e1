"""The description of the HTTP API (OpenAPI 3.1), made of the tables that the server itself goes by.

`python -m stillcam.server.openapi` writes it to docs/openapi.json.
"""
