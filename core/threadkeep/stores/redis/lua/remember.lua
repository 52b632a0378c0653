-- Remember something of a user, unless it is known. KEYS[1] the user's memories, by an id that begins with the time, so
-- that the least id is the oldest. A body begins with its fingerprint and a line feed. Above the bound the oldest is
-- forgotten. Returns the id and the body of what is known already, or {} if it was new.
local id, body, most = ARGV[1], ARGV[2], tonumber(ARGV[3])
local head = string.match(body, '^[^\n]*\n')
local known = redis.call('HGETALL', KEYS[1])
for index = 1, #known, 2 do
  if string.sub(known[index + 1], 1, #head) == head then
    return {known[index], known[index + 1]}
  end
end
redis.call('HSET', KEYS[1], id, body)
if #known / 2 + 1 > most then
  local ids = redis.call('HKEYS', KEYS[1])
  table.sort(ids)
  redis.call('HDEL', KEYS[1], ids[1])
end
return {}
