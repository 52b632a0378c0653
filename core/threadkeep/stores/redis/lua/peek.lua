-- Look whether a partition may have something to claim, without taking it.
-- KEYS[1] ready and KEYS[2] later, each without the platform, KEYS[3] platforms. ARGV from the second on: the platforms
-- to be looked at, else all that are known.
-- Returns {1 if it may, milliseconds until a delayed session is due, or -1}.
local lease = ARGV[1]

local function has_work()
  local pending = redis.pcall('XPENDING', READY, GROUP)
  local length = redis.call('XLEN', READY)
  if pending.err then
    return length > 0
  end
  if length > pending[1] then
    return true
  end
  return pending[1] > 0 and #redis.call('XPENDING', READY, GROUP, 'IDLE', lease, '-', '+', 1) > 0
end

local due_in = -1
for _, platform in ipairs(platforms_of(2, KEYS[3])) do
  turn_to(platform)
  if has_work() then
    return {1, -1}
  end
  local next_due = redis.call('ZRANGE', LATER, 0, 0, 'WITHSCORES')
  if #next_due > 0 then
    due_in = sooner(due_in, math.max(0, next_due[2] - now_ms()))
  end
end
return {due_in == 0 and 1 or 0, due_in}
