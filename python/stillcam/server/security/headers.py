"""The security headers of every answer."""

from __future__ import annotations

from functools import lru_cache


@lru_cache(8)
def security_headers(embedding: tuple[str, ...] = ()) -> bytes:
    """The lines, each ending in CR LF.

    Args:
        embedding: origins whose pages may show ours in a frame, besides our own.
    """
    ancestors = " ".join(["'self'", *embedding])
    policy = (
        "default-src 'self'; img-src 'self' blob: data:; base-uri 'self'; form-action 'self';"
        f" frame-ancestors {ancestors}; object-src 'none'"
    )
    lines = [
        f"Content-Security-Policy: {policy}",
        *([] if embedding else ["X-Frame-Options: SAMEORIGIN"]),  # it supports no list of origins
        "X-Content-Type-Options: nosniff",
        "Referrer-Policy: same-origin",
        "Permissions-Policy: camera=(), microphone=(), geolocation=()",
    ]
    return "".join(f"{line}\r\n" for line in lines).encode("ascii")


SECURITY = security_headers()
