-- Take some of what may be used within a sliding time. KEYS[1] a sorted set: one member for each unit, by when it was
-- taken. Gives how many milliseconds to wait until so much is free; 0 if it was free and is taken now.
local amount, limit, span = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local now = now_ms()
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - span)
local taken = redis.call('ZCARD', KEYS[1])
local surplus = taken + amount - limit
if surplus > 0 then
  -- More than the limit is never free: then it is told when all is.
  local last = math.min(surplus, taken)
  local leaves = redis.call('ZRANGE', KEYS[1], last - 1, last - 1, 'WITHSCORES')
  return math.max(1, (tonumber(leaves[2]) or now) + span - now)
end
for unit = 1, amount do
  redis.call('ZADD', KEYS[1], now, now .. ':' .. taken + unit)
end
redis.call('PEXPIRE', KEYS[1], span)
return 0
