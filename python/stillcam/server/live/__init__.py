"""The way of a frame to every viewer: cache, broadcast, stream."""
