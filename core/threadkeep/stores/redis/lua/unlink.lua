-- Take an account out of those of its person; see link.lua. Returns 0 if it was linked to none.
local account = ARGV[1]
local all = redis.call('HGET', KEYS[1], account)
if not all then
  return 0
end
local others = {}
for member in string.gmatch(all, '[^\n]+') do
  if member ~= account then
    others[#others + 1] = member
  end
end
redis.call('HDEL', KEYS[1], account)
for _, member in ipairs(others) do
  if #others == 1 then
    redis.call('HDEL', KEYS[1], member)
  else
    redis.call('HSET', KEYS[1], member, table.concat(others, '\n'))
  end
end
return 1
