-- What wrk sends: operation, token and number of patients come after --. Each request is about a patient taken at random; each write has a key and a source of its own.
-- The API writes about the first half of the patients, the ceiling about the second: what one leaves behind is not read by the other.
local operation, token, patients, today, prefix, count, random

local threads = 0
function setup(thread)
  thread:set("id", threads)
  threads = threads + 1
end

function init(args)
  operation, token, patients = args[1], args[2], tonumber(args[3])
  count, today = 0, os.date("!%Y-%m-%d")
  local seed = io.open("/dev/urandom", "rb"):read(8)
  prefix = ""
  for i = 1, 8 do prefix = prefix .. string.format("%02x", seed:byte(i)) end
  math.randomseed(seed:byte(1) * 65536 + seed:byte(2) * 256 + seed:byte(3) + id)
end

local paths = { point = "", page = "/check-ins", timeline = "/timeline", evaluation = "/evaluation" }

local reads = { point = true, page = true, queue = true, timeline = true, evaluation = true }

local function chosen()
  if reads[operation] then return math.random(0, patients - 1) end
  local half = math.floor(patients / 2)
  return token == "-" and math.random(half, patients - 1) or math.random(0, half - 1)
end

function request()
  count = count + 1
  local patient = string.format("/patients/0198f000-0000-7000-8001-%012x", chosen())
  local headers = {}
  local root = ""
  if token ~= "-" then
    headers["Authorization"] = "Bearer " .. token
    root = "/api/v1"
  end
  if operation == "queue" then
    return wrk.format("GET", root .. "/follow-ups", headers)
  elseif paths[operation] then
    return wrk.format("GET", root .. patient .. paths[operation], headers)
  end
  headers["Content-Type"] = "application/json"
  headers["Idempotency-Key"] = prefix .. id .. "-" .. count
  if operation == "check-in" then
    return wrk.format("POST", root .. patient .. "/check-ins", headers, string.format('{"date":"%s","scores":{"anxiety":%d}}', today, count % 3))
  elseif operation == "adverse-event" then
    return wrk.format("POST", root .. patient .. "/adverse-events", headers, string.format('{"term":"headache","severity":"mild","onsetOn":"%s"}', today))
  elseif operation == "batch" then
    local items = {}
    for i = 1, 1000 do items[i] = string.format('{"date":"%s","scores":{"anxiety":%d},"source":{"system":"urn:bench","id":"%s%d-%d-%d"}}', today, i % 3, prefix, id, count, i) end
    return wrk.format("POST", root .. patient .. "/check-ins/batch", headers, '{"items":[' .. table.concat(items, ",") .. ']}')
  elseif operation == "import" then
    local rows = { "date,anxiety,sourceSystem,sourceId" }
    for i = 1, 1000 do rows[i + 1] = string.format("%s,%d,urn:bench,%s%d-%d-%d", today, i % 3, prefix, id, count, i) end
    headers["Content-Type"] = "text/csv"
    return wrk.format("POST", root .. patient .. "/check-ins/import", headers, table.concat(rows, "\n"))
  end
  error("unknown operation " .. operation)
end
