-- The mark of a message that was seen, which is its trace too: a letter, how often it came, when it came first, how
-- many waited before it, what was done, and in which session. The letters:
--   a  it is or was to be answered, or is an event that has had its effect
--   c  it was kept as context
--   f  it was refused, since too much waited; it may come again

local function see(key, seen_ms, mark, deliveries, now, before, outcome, session)
  local value = {mark, deliveries, now, before, outcome, session}
  redis.call('SET', key, table.concat(value, ' '), 'PX', seen_ms)
end

local function deliveries_of(seen)
  return tonumber(string.match(seen, '^%a (%d+)'))
end

-- Count one more delivery of what is known.
local function see_again(key, seen)
  local mark, rest = string.match(seen, '^(%a) %d+ (.*)$')
  redis.call('SET', key, mark .. ' ' .. deliveries_of(seen) + 1 .. ' ' .. rest, 'KEEPTTL')
end
