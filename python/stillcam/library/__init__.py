"""Photos, raw photos and videos: files in a folder a day, which are the truth.

    library/2026-11-20/20261120T234501.123Z_photo_imx708.jpg     the item
    library/2026-11-20/20261120T234501.123Z_photo_imx708.json    what is known about it
    library/2026-11-20/20261120T234502.900Z_raw_imx708.dng       a raw photo,
    library/2026-11-20/20261120T234502.900Z_raw_imx708.jpg       and the picture that stands for it

Whatever else is copied there by hand is shown too, each file by itself, and what is removed by hand is gone.
Everything in folders whose name begins with a dot is ours: `.drafts` (not whole yet),
`.trash`, `.favourites`, `.thumbnails`.
"""
