-- List the sessions in which something was said lately, the latest first. KEYS[1] places.
-- Returns session, place, message and time of each. What was deleted or has expired is removed.
local base, since, limit = ARGV[1], ARGV[2], tonumber(ARGV[3])
local found = {}
local sessions = redis.call('ZREVRANGEBYSCORE', KEYS[1], '+inf', since, 'WITHSCORES', 'LIMIT', 0, limit)
for index = 1, #sessions, 2 do
  local known = redis.call('HMGET', base .. sessions[index] .. ':meta', 'place', 'message')
  if known[1] then
    found[#found + 1] = {sessions[index], known[1], known[2], sessions[index + 1]}
  else
    redis.call('ZREM', KEYS[1], sessions[index])
  end
end
return found
