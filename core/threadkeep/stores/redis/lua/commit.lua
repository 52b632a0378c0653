-- Append the run, drop the first events, end the lease; ready again if more waits.
-- Returns {0} if the lease is lost, else {1, 1 if the session is ready again}.
local session, fence, run_id, body, consumed = ARGV[1], ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5])
local user, max_runs, max_context, max_speakers = ARGV[6], ARGV[7], tonumber(ARGV[8]), ARGV[9]
local retention, channel, origin = ARGV[10], ARGV[11], ARGV[12]

if redis.call('HGET', KEYS[1], 'committed') == run_id then
  return {1, 0}
end
if not is_held(fence) then
  return {0, 0}
end

local function consume(count)
  if count < 1 then
    return
  end
  local waiting, context, upgraded = 0, 0, {}
  for _, item in ipairs(redis.call('LPOP', KEYS[2], count) or {}) do
    local mark = string.sub(item, 1, 1)
    if mark == 'u' then
      upgraded[#upgraded + 1] = 'a' .. string.sub(item, 2)
    elseif mark == 'c' then
      context = context + 1
    else
      waiting = waiting + 1
    end
  end
  for index = #upgraded, 1, -1 do
    redis.call('LPUSH', KEYS[2], upgraded[index])
  end
  -- Not -waiting: Lua would write -0, which is no number to Redis.
  redis.call('HINCRBY', KEYS[1], 'waiting', 0 - waiting)
  redis.call('HINCRBY', KEYS[1], 'context', 0 - context)
end

append_run(run_id, body, max_runs, now_ms())
redis.call('HSET', KEYS[1], 'committed', run_id)
add_speaker(user, max_speakers)
consume(math.min(consumed, number_of(KEYS[1], 'taken')))
redis.call('DEL', KEYS[3])
end_lease()
trim_context(KEYS[1], KEYS[2], max_context)
unschedule(session)
local is_woken = 0
if number_of(KEYS[1], 'waiting') > 0 then
  is_woken = schedule(session, channel, origin)
end
touch(retention)
return {1, is_woken}
