-- Replace a field of a hash if it has one. KEYS[1] the hash. Returns 0 if there is no such field.
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then
  return 0
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return 1
