-- Note that a user was answered in a session. KEYS[1] the user's sessions, by time; the latest are kept.
-- In microseconds: two runs in one millisecond have an order too.
local time = redis.call('TIME')
redis.call('ZADD', KEYS[1], time[1] * 1000000 + time[2], ARGV[1])
redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -tonumber(ARGV[2]) - 1)
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
