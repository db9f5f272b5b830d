-- SPDX-License-Identifier: Apache-2.0
-- Sends the requests of a file, one after the other (each line: a path, a tab, and the Authorization header or nothing),
-- begins anew at its end, and prints one line of JSON.
local requests = {}
local sent = 0

function init(args)
  for line in io.lines(args[1]) do
    local path, authorization = line:match("^([^\t]*)\t(.*)$")
    local headers = {}
    if authorization ~= "" then headers["Authorization"] = authorization end
    requests[#requests + 1] = wrk.format("GET", path, headers)
  end
end

function request()
  sent = sent + 1
  return requests[(sent - 1) % #requests + 1]
end

function done(summary, latency, _)
  local wrong = summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.write
    + summary.errors.timeout
  io.write(string.format('{"requests": %d, "seconds": %.6f, "p50_us": %.1f, "p99_us": %.1f, "wrong": %d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50), latency:percentile(99), wrong))
end
