-- Append the run that answers one waiting message, beside the run in progress, and drop that message.
-- Returns 0 if the lease is lost, else 1.
local fence, retention, identity, run_id, body = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local user, max_runs, max_speakers = ARGV[6], ARGV[7], ARGV[8]
if not is_held(fence) then
  return 0
end
if redis.call('HGET', META, 'last') == run_id then
  return 1
end

local index, mark = find_item(identity)
if index and mark ~= 'c' and index >= number_of(META, 'taken') then
  redis.call('LSET', INBOX, index, '')
  redis.call('LREM', INBOX, 1, '')
  add('waiting', -1)
  if index < number_of(META, 'shown') then
    add('shown', -1)
  end
end
for _, field in ipairs(redis.call('HKEYS', RUN)) do
  if string.sub(field, 1, 8) == 's:aside:' then
    redis.call('HDEL', RUN, field)
  end
end
local has_runs = push_run(body, max_runs) > 0
redis.call('HINCRBY', META, 'runs', 1)
redis.call('HSET', META, 'last', run_id, 'updated', string.format('%d', now_ms()))
add_speaker(user, max_speakers)
keep_alive(retention, not has_runs and RUNS)
return 1
