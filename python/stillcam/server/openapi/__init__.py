"""The OpenAPI 3.1 document, and the check of requests, made of the routes themselves.

Read `route` (a route with its operation), `check` (requests against schemas), `document` (served at
`api/openapi.json`), then the schemas: `shapes` (short ways to write them), `schemas`, and one file a subject.
"""
