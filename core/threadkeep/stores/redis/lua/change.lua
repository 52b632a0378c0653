-- Set a field of a session that exists; an empty value removes it. Returns 0 if there is no session.
if redis.call('EXISTS', META) == 0 then
  return 0
end
if ARGV[2] == '' then
  redis.call('HDEL', META, ARGV[1])
else
  redis.call('HSET', META, ARGV[1], ARGV[2])
end
return 1
