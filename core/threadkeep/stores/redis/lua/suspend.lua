-- Let a run wait for people: nobody holds its session until something comes for it, or its time is over.
-- ARGV from the seventh on: the steps that the run has dealt with, which are forgotten.
-- Returns 1 if a worker should be woken.
local session, fence, delay, channel, origin = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4], ARGV[5]
local max_claimed = tonumber(ARGV[6])
if not is_held(fence) then
  return 0
end

for index = 7, #ARGV do
  redis.call('HDEL', RUN, 's:' .. ARGV[index])
end

-- What the worker was shown ends with the lease: look before.
local function has_new_message()
  local taken, shown = number_of(META, 'taken'), number_of(META, 'shown')
  local has_new = false
  -- Where more waits than a claim brings, another one would see no more.
  if shown < max_claimed then
    has_new = count_marks('a', shown, math.huge) > 0
  end
  return has_new or count_marks('u', taken, math.huge) > 0
end

local function has_news()
  for _, field in ipairs(redis.call('HKEYS', RUN)) do
    if field == 's:stop' or string.sub(field, 1, 8) == 's:press:' then
      return true
    end
  end
  return has_new_message()
end

local is_due = delay <= 0 or has_news()
redis.call('HINCRBY', RUN, 'attempt', -1)
settle_unfinished()
end_lease()
unschedule(session)
if number_of(META, 'waiting') < 1 then
  redis.call('DEL', RUN)
  return 0
end
if is_due then
  return schedule(session, channel, origin)
end
redis.call('ZADD', LATER, now_ms() + delay, session)
redis.call('HSET', META, 'entry', 'asleep')
return 0
