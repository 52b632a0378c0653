-- Note that a user was answered in a session. KEYS[1] the user's sessions, by time; the latest are kept.
redis.call('ZADD', KEYS[1], now_ms(), ARGV[1])
redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -tonumber(ARGV[2]) - 1)
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
