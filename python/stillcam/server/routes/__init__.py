"""The HTTP API: one file a subject. A route is a row of address, access, handler and description.

Each file begins with the schemas of its JSON (`openapi/shapes.py`). Read `status` first; `pictures` serves viewers.
"""
