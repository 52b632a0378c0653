-- Note that a user was answered in a session. KEYS[1] the user's sessions, by time; the latest are kept.
-- In microseconds: two runs in one millisecond have an order too.
local time = redis.call('TIME')
if redis.call('ZADD', KEYS[1], time[1] * 1000000 + time[2], ARGV[1]) == 1 then
  redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -tonumber(ARGV[2]) - 1)
end
if redis.call('PTTL', KEYS[1]) < ARGV[3] * 0.99 then
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
end
return 1
