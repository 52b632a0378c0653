-- Let the run in progress answer the first messages, more than it was claimed with. Returns 0 if the lease is lost.
local fence, retention, wanted = ARGV[1], ARGV[2], tonumber(ARGV[3])
if not is_held(fence) then
  return 0
end
local taken, shown = number_of(META, 'taken'), number_of(META, 'shown')
wanted = math.min(wanted, redis.call('LLEN', INBOX))
if wanted < taken then
  return 1
end
add('asked', count_marks('a', taken, wanted - 1))
if wanted > shown then
  add('shown_context', count_marks('c', shown, wanted - 1))
  redis.call('HSET', META, 'shown', wanted)
end
redis.call('HSET', META, 'taken', wanted)
redis.call('HSET', RUN, 's:taken', wanted)
keep_alive(retention)
return 1
