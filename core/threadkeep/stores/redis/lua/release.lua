-- Hand a session back unanswered. Returns 1 if a worker should be woken.
local session, fence, delay, channel, origin = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4], ARGV[5]
if not is_held(fence) then
  return 0
end
settle_unfinished()
end_lease()
unschedule(session)
if number_of(META, 'waiting') < 1 then
  redis.call('DEL', RUN)
  return 0
end
if delay > 0 then
  redis.call('ZADD', LATER, now_ms() + delay, session)
  redis.call('HSET', META, 'entry', 'later')
  return 0
end
return schedule(session, channel, origin)
