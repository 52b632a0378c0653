-- Record that something was pressed, once, for the run in progress. KEYS[8] seen: the mark of this press.
-- Returns what was done, and 1 if the session became ready by it.
local SEEN = KEYS[8]
local session, name, body, retention, seen_ms = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local channel, origin, max_presses = ARGV[6], ARGV[7], tonumber(ARGV[8])

local function count_presses()
  local count = 0
  for _, field in ipairs(redis.call('HKEYS', RUN)) do
    if string.sub(field, 1, 8) == 's:press:' then
      count = count + 1
    end
  end
  return count
end

local seen = redis.call('GET', SEEN)
if seen then
  see_again(SEEN, seen)
  return {'duplicate', 0}
end
local outcome, is_woken, now = 'ignored', 0, now_ms()
if redis.call('HEXISTS', RUN, 'run_id') == 1 then
  if count_presses() >= max_presses then
    return {'full', 0}
  end
  outcome = 'accepted'
  local number = redis.call('HINCRBY', RUN, 'presses', 1)
  redis.call('HSET', RUN, 's:press:' .. name, number .. ' ' .. string.format('%.3f', now / 1000) .. ' ' .. body)
  is_woken = wake(session, channel, origin)
  touch(retention)
end
see(SEEN, seen_ms, 'a', 1, now, number_of(META, 'waiting'), outcome, session)
return {outcome, is_woken}
