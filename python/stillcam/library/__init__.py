"""Photos, raw photos, videos and motion recordings: files in one folder a day, with no database beside them.

    library/2026-11-20/20261120T234501.123Z_photo_imx708.jpg     the item
    library/2026-11-20/20261120T234501.123Z_photo_imx708.json    its sidecar: metadata
    library/2026-11-20/20261120T234502.900Z_raw_imx708.dng       a raw photo,
    library/2026-11-20/20261120T234502.900Z_raw_imx708.jpg       and its preview
    library/2026-11-20/20261120T234503.050Z_motion_imx708.mp4    a motion recording, which has a preview, too,
    library/2026-11-20/20261120T234559.700Z_motion_imx708.jpg    or is a picture

Other files that are copied there by hand are items too, each by itself, and items that are deleted by hand are gone.
Folders whose name begins with a dot are ours: `.drafts` (incomplete items), `.trash`, `.favourites`, `.thumbnails`.

Read `names`, `items`, `days` and `catalogue` first; then `pending` (how an item is made), `retention` and `trash` (how
it is deleted), `upright` and `thumbnails`, `events` (of motion), `batch_jobs` and `zip_stream`.
"""
