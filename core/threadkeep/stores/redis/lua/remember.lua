-- Remember something of a user. KEYS[1] the user's memories, by an id that begins with the time, so that the least
-- id is the oldest. Above the bound the oldest is forgotten.
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
if redis.call('HLEN', KEYS[1]) > tonumber(ARGV[3]) then
  local ids = redis.call('HKEYS', KEYS[1])
  table.sort(ids)
  redis.call('HDEL', KEYS[1], ids[1])
end
return 1
