-- wrk: asks for each line of a file in turn. arguments: the file, "get" (a line is a path) or "post" (a body in hexadecimal), "once" or "again".
-- Prints, as one line of JSON, how many answers came and how many of them were too short for one about a certificate.
local threads = {}
function setup(thread) table.insert(threads, thread) end

function init(arguments)
  requests, next_one, asked, answered, short = {}, 0, 0, 0, 0
  once = arguments[3] == "once"
  for line in io.lines(arguments[1]) do
    if arguments[2] == "get" then
      requests[#requests + 1] = wrk.format("GET", line)
    else
      local body = line:gsub("..", function(two) return string.char(tonumber(two, 16)) end)
      requests[#requests + 1] = wrk.format("POST", nil, {["Content-Type"] = "application/ocsp-request"}, body)
    end
  end
end

function request()
  next_one = next_one % #requests + 1
  asked = asked + 1
  return requests[next_one]
end

function response(status, headers, body)
  answered = answered + 1
  if status ~= 200 or #body < 100 then short = short + 1 end
  if once and answered >= #requests then wrk.thread:stop() end
end

function done(summary, latency, _)
  local answered, short = 0, 0
  for _, thread in ipairs(threads) do
    answered, short = answered + thread:get("answered"), short + thread:get("short")
  end
  local failed = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout
  print(string.format('{"answers": %d, "short": %d, "failed": %d, "seconds": %.2f}', answered, short, failed, summary.duration / 1e6))
end
