-- Let the run in progress take a message that waits, before those that came earlier.
-- Returns -1 if the lease is lost, 1 if it was taken, else 0.
local fence, retention, identity = ARGV[1], ARGV[2], ARGV[3]
if not is_held(fence) then
  return -1
end
local taken, shown = number_of(META, 'taken'), number_of(META, 'shown')
local index, mark, item = find_item(identity)
if not index or index < taken or mark == 'c' then
  return 0
end

local function insert(place, value)
  local pivot = place == 0 and '' or redis.call('LINDEX', INBOX, place - 1)
  if place == 0 then
    redis.call('LPUSH', INBOX, value)
  else
    redis.call('LINSERT', INBOX, 'AFTER', pivot, value)
  end
end

redis.call('LSET', INBOX, index, '')
redis.call('LREM', INBOX, 1, '')
insert(taken, 'a' .. string.sub(item, 2))
redis.call('HSET', META, 'taken', taken + 1, 'shown', index < shown and shown or shown + 1)
add('asked', 1)
redis.call('HSET', RUN, 's:taken', taken + 1)
keep_alive(retention)
return 1
