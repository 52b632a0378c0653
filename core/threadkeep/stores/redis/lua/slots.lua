-- Keep the slots of an owner and take free ones. KEYS[1] a hash: slot -> when its time is over, and its owner.
-- Returns the numbers that the owner holds now.
local owner, total, most, life = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local now = now_ms()
local own, free = {}, {}
local owners = redis.call('HGETALL', KEYS[1])
local holders = {}
for index = 1, #owners, 2 do
  local ends, holder = string.match(owners[index + 1], '^(%d+) (.*)$')
  if holder == owner or tonumber(ends) > now then
    holders[tonumber(owners[index])] = holder
  end
end
for slot = 0, total - 1 do
  if holders[slot] == owner then
    own[#own + 1] = slot
  elseif not holders[slot] then
    free[#free + 1] = slot
  end
end
for slot, holder in pairs(holders) do
  if holder == owner then
    redis.call('HDEL', KEYS[1], slot)
  end
end
local held = {}
for _, slots in ipairs({own, free}) do
  for _, slot in ipairs(slots) do
    if #held < most then
      held[#held + 1] = slot
      redis.call('HSET', KEYS[1], slot, now + life .. ' ' .. owner)
    end
  end
end
if redis.call('PTTL', KEYS[1]) < life then
  redis.call('PEXPIRE', KEYS[1], life)
end
return held
