"""The OpenAPI 3.1 document, and the check of requests, made of the routes themselves.

Read `route` (a route with its description), `check` (requests against schemas), `document` (served at
`api/openapi.json`), then `shapes` (short ways to write schemas). A file of `routes/` defines the schemas of its JSON.
"""
