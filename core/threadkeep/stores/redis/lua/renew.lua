-- Keep leases alive. KEYS[1] ready. ARGV: the base of session keys, then session, fence and entry of each lease.
-- Returns the numbers, from 0, of those that are lost.
local base = ARGV[1]
local lost, entries = {}, {}
for index = 2, #ARGV, 3 do
  local held = redis.call('HMGET', base .. ARGV[index] .. ':meta', 'fence', 'holder')
  if held[1] == ARGV[index + 1] and held[2] then
    entries[#entries + 1] = ARGV[index + 2]
  else
    lost[#lost + 1] = (index - 2) / 3
  end
end
if #entries > 0 then
  local claim = {'XCLAIM', KEYS[1], GROUP, CONSUMER, 0}
  for _, entry in ipairs(entries) do
    claim[#claim + 1] = entry
  end
  claim[#claim + 1] = 'JUSTID'
  redis.call(unpack(claim))
end
return lost
