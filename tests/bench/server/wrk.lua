-- What wrk sends, told by the environment: a file's report each time (QUORUM_BENCH_PATHS, a file with one path a
-- line), or an upload of a file that nobody has (QUORUM_BENCH_UPLOAD, the path; QUORUM_BENCH_FIRST, a number that no
-- other run has; QUORUM_BENCH_SIZE, bytes). QUORUM_BENCH_HEADERS: `name: value`, one a line.
-- The last line printed is JSON with what was measured.

local headers, paths, count = {}, {}, 0
for line in os.getenv("QUORUM_BENCH_HEADERS"):gmatch("[^\n]+") do
  local name, value = line:match("^([^:]+): (.*)$")
  headers[name] = value
end

local upload = os.getenv("QUORUM_BENCH_UPLOAD")
if upload then
  local first, size = os.getenv("QUORUM_BENCH_FIRST"), tonumber(os.getenv("QUORUM_BENCH_SIZE"))
  headers["content-type"] = "multipart/form-data; boundary=bench"
  local filling = ("Quorum measures its server with this text. "):rep(math.ceil(size / 43))
  request = function()
    count = count + 1
    local name = first .. "-" .. count
    local content = (name .. "\n" .. filling):sub(1, size)
    local body = '--bench\r\ncontent-disposition: form-data; name="file"; filename="' .. name .. '.txt"\r\ncontent-type: application/octet-stream\r\n\r\n' .. content .. "\r\n--bench--\r\n"
    return wrk.format("POST", upload, headers, body)
  end
else
  -- Here the host is known, which each request has to name.
  init = function()
    for path in io.lines(os.getenv("QUORUM_BENCH_PATHS")) do paths[#paths + 1] = wrk.format("GET", path, headers) end
  end
  request = function()
    count = count + 1
    return paths[count % #paths + 1]
  end
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format('{"requests": %d, "seconds": %f, "p50_ms": %f, "p99_ms": %f, "refused": %d, "broken": %d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, errors.status,
    errors.connect + errors.read + errors.write + errors.timeout))
end
