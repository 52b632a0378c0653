-- Keep what somebody thinks of an answer, once; the last word of each person about each message stands.
-- KEYS[8] seen: the mark of this word. ARGV[3] is the opinion, or empty for one that is taken back.
local SEEN = KEYS[8]
local session, name, body, retention, seen_ms, most = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], tonumber(ARGV[6])

local seen = redis.call('GET', SEEN)
if seen then
  see_again(SEEN, seen)
  return {'duplicate', 0}
end
if redis.call('EXISTS', META) == 0 then
  return {'ignored', 0}
end
local now = now_ms()
if body == '' then
  redis.call('HDEL', AMENDED, '!' .. name)
else
  local number = redis.call('HINCRBY', META, 'opinions', 1)
  redis.call('HSET', AMENDED, '!' .. name, number .. '\n' .. string.format('%.3f', now / 1000) .. '\n' .. body)
  if number > most then
    local known = opinions()
    for index = 1, #known - most do
      redis.call('HDEL', AMENDED, known[index][2])
    end
  end
end
see(SEEN, seen_ms, 'a', 1, now, number_of(META, 'waiting'), 'kept', session)
touch(retention)
return {'kept', 0}
