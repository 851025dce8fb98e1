"""Who may do what: `access` decides by a route's Access; `credentials` reads cookies and tokens of a request.

The others protect people who are signed in from pages of strangers: `host_check` (DNS rebinding), `cross_origin`
(writes, reads and frames of other origins); `forwarded` applies what a trusted proxy says of a client.
"""
