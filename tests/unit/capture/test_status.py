"""Durations are counted in cumulative buckets."""

from stillcam.capture.status import Histogram


def test_a_bucket_counts_what_took_at_most_its_bound():
    histogram = Histogram()
    for seconds in (0.0001, 0.001, 0.0011, 0.3, 99.0):
        histogram.add(seconds)
    message = histogram.to_json()
    upto = dict(message["buckets"])
    assert (upto[0.0005], upto[0.001], upto[0.002], upto[0.2], upto[0.5], upto[5.0]) == (1, 2, 3, 3, 4, 4)
    assert message["count"] == 5
    assert abs(message["sum_s"] - 99.3022) < 1e-9
