-- Show the holder what waits now. Returns {0} if the lease is lost, else {1, the items}.
local fence, max_shown = ARGV[1], tonumber(ARGV[2])
if not is_held(fence) then
  return {0}
end
local taken = number_of(META, 'taken')
purge(taken)
local items = redis.call('LRANGE', INBOX, 0, taken + max_shown - 1)
local context = 0
for index, item in ipairs(items) do
  local mark = string.sub(item, 1, 1)
  if mark == 'c' then
    context = context + 1
  elseif mark == 'u' and index > taken then
    redis.call('LSET', INBOX, index - 1, 'a' .. string.sub(item, 2))
  end
end
redis.call('HSET', META, 'shown', #items, 'shown_context', context)
return {1, items}
