-- Forget a letter. KEYS[1] dead, KEYS[2] letters. Returns 1 if there was one.
redis.call('ZREM', KEYS[1], ARGV[1])
return redis.call('HDEL', KEYS[2], ARGV[1])
