-- Put a sealed value into the vault, or forget one. KEYS[1] the vault, by name. ARGV: the name, "put" or "delete", whether
-- something is expected ("1") or not ("0"), what must stand there, and what to put. Returns 1 where it was done.
local name, is_put = ARGV[1], ARGV[2] == 'put'
local standing = redis.call('HGET', KEYS[1], name)
if ARGV[3] == '1' and standing ~= ARGV[4] then
  return 0
end
if is_put then
  redis.call('HSET', KEYS[1], name, ARGV[5])
  return 1
end
return redis.call('HDEL', KEYS[1], name)
