-- Add a finished run to a session, which begins if it did not exist.
local run_id, body, user, max_runs, max_speakers, retention = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
-- An empty state leaves the session's as it is.
local is_boundary, state = ARGV[7] == '1', ARGV[8]
if redis.call('HGET', META, 'last') == run_id then
  return 0
end
local now = now_ms()
begin_session(now)
push_run(body, max_runs)
local number = redis.call('HINCRBY', META, 'runs', 1)
if is_boundary then
  begin_afresh(number)
end
redis.call('HSET', META, 'last', run_id, 'updated', now)
if state ~= '' then
  redis.call('HSET', META, 'state', state)
end
add_speaker(user, max_speakers)
touch(retention)
return 1
