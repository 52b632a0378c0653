-- Record steps of the run in progress. Returns 0 if the lease is lost.
local fence, retention = ARGV[1], ARGV[2]
if not is_held(fence) then
  return 0
end

-- The run says how many of the messages it answers: what it leaves may be changed from now on.
local function narrow(taken)
  local before = number_of(META, 'taken')
  if taken and taken < before then
    redis.call('HSET', META, 'taken', taken, 'asked', count_marks('a', 0, taken - 1))
    settle(taken, before)
  end
end

for index = 3, #ARGV, 2 do
  redis.call('HSET', RUN, 's:' .. ARGV[index], ARGV[index + 1])
  if ARGV[index] == 'taken' then
    narrow(tonumber(ARGV[index + 1]))
  end
end
keep_alive(retention)
return 1
