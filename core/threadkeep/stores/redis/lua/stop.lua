-- Ask the run in progress to stop, once. KEYS[8] seen: the mark of this wish.
-- Returns what was done, and 1 if the session became ready by it.
local SEEN = KEYS[8]
local session, user, retention, seen_ms, control = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local channel, origin = ARGV[6], ARGV[7]

local seen = redis.call('GET', SEEN)
if seen then
  see_again(SEEN, seen)
  return {'duplicate', 0}
end
local is_running = redis.call('HEXISTS', RUN, 'run_id') == 1
local is_woken = 0
local outcome = is_running and 'accepted' or 'ignored'
-- Also of one that is ignored: delivered once more, it must not stop a later run.
see(SEEN, seen_ms, 'a', 1, now_ms(), number_of(META, 'waiting'), outcome, session)
if is_running then
  redis.call('HSETNX', RUN, 's:stop', user)
  signal(control, session, 'stop', waiting_beyond())
  is_woken = wake(session, channel, origin)
  touch(retention)
end
return {outcome, is_woken}
