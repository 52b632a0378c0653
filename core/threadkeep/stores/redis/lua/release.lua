-- Hand a session back unanswered. Returns 1 if a worker should be woken.
local session, fence, delay, channel, origin = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4], ARGV[5]
if not is_held(fence) then
  return 0
end
end_lease()
unschedule(session)
if number_of(KEYS[1], 'waiting') < 1 then
  return 0
end
if delay > 0 then
  redis.call('ZADD', KEYS[6], now_ms() + delay, session)
  redis.call('HSET', KEYS[1], 'entry', 'later')
  return 0
end
return schedule(session, channel, origin)
