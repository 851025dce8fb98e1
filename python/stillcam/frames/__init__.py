"""The frames in `images/`: how they are named, published and read; and what a JPEG is."""
