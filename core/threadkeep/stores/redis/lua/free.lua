-- Give all slots of an owner back. KEYS[1] as in slots.lua.
local owners = redis.call('HGETALL', KEYS[1])
for index = 1, #owners, 2 do
  if string.match(owners[index + 1], '^%d+ (.*)$') == ARGV[1] then
    redis.call('HDEL', KEYS[1], owners[index])
  end
end
return 1
