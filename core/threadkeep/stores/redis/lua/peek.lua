-- Look whether a partition may have something to claim, without taking it. KEYS[1] ready, KEYS[2] later.
-- Returns {1 if it may, milliseconds until a delayed session is due, or -1}.
local lease = ARGV[1]
local pending = redis.pcall('XPENDING', KEYS[1], GROUP)
local length = redis.call('XLEN', KEYS[1])
if pending.err then
  return {length > 0 and 1 or 0, -1}
end
if length > pending[1] then
  return {1, -1}
end
if pending[1] > 0 and #redis.call('XPENDING', KEYS[1], GROUP, 'IDLE', lease, '-', '+', 1) > 0 then
  return {1, -1}
end
local next_due = redis.call('ZRANGE', KEYS[2], 0, 0, 'WITHSCORES')
if #next_due == 0 then
  return {0, -1}
end
local due_in = next_due[2] - now_ms()
return {due_in <= 0 and 1 or 0, math.max(0, due_in)}
