"""What the status says of the mode that runs; durations are counted in cumulative buckets."""

import pytest

from stillcam.capture.status import Histogram, Status


@pytest.mark.parametrize(
    ("before", "interval_s"),
    [
        pytest.param("photo", 4.5, id="a photo shows nothing for seconds"),
        pytest.param("snapshot", 60.0, id="snapshots are rare"),
        pytest.param("no camera", 0.1, id="there was no camera: it is shown at once when live fails"),
    ],
)
@pytest.mark.parametrize("mode", ["live", "video"])
def test_live_and_video_do_not_begin_with_a_picture_that_is_too_old(mode, before, interval_s):
    status = Status("rpicam")
    status.enter(before, 60.0 if before == "no camera" else interval_s)
    status.enter(mode, 0.1)
    assert status.interval_s == interval_s
    status.enter(mode, 0.1)  # as when the number of viewers changes
    assert status.interval_s == interval_s
    status.add_frame("camera_20261130T120000.000Z.jpg", {}, 0.0)
    assert status.interval_s == 0.1


def test_a_bucket_counts_what_took_at_most_its_bound():
    histogram = Histogram()
    for seconds in (0.0001, 0.001, 0.0011, 0.3, 99.0):
        histogram.add(seconds)
    message = histogram.to_json()
    upto = dict(message["buckets"])
    assert (upto[0.0005], upto[0.001], upto[0.002], upto[0.2], upto[0.5], upto[5.0]) == (1, 2, 3, 3, 4, 4)
    assert message["count"] == 5
    assert abs(message["sum_s"] - 99.3022) < 1e-9
