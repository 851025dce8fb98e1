-- Viewers of wrk: each requests the picture every 2 s, at a moment of its own; the figures as one line of JSON, microseconds.
function delay()
  return math.random(1000, 3000)
end
done = function(summary, latency, requests)
  local e = summary.errors
  io.write(string.format('{"requests": %d, "duration_us": %d, "p50_us": %f, "p99_us": %f, "errors": %d, "refused": %d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    e.connect + e.read + e.write + e.timeout, e.status))
end
