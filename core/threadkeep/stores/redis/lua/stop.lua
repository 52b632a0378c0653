-- Ask the run in progress to stop, once. KEYS[8] seen: the mark of this wish.
-- Returns what was done, and 0: no session becomes ready by it.
local SEEN = KEYS[8]
local session, user, retention, seen_ms, control = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]

local seen = redis.call('GET', SEEN)
if seen then
  see_again(SEEN, seen)
  return {'duplicate', 0}
end
if number_of(RUN, 'attempt') == 0 then
  return {'ignored', 0}
end
redis.call('HSETNX', RUN, 's:stop', user)
see(SEEN, seen_ms, 'a', 1, now_ms(), number_of(META, 'waiting'), 'accepted', session)
signal(control, session, 'stop', waiting_beyond())
touch(retention)
return {'accepted', 0}
