-- Record steps of the run in progress. Returns 0 if the lease is lost.
local fence, retention = ARGV[1], ARGV[2]
if not is_held(fence) then
  return 0
end
for index = 3, #ARGV, 2 do
  redis.call('HSET', KEYS[3], 's:' .. ARGV[index], ARGV[index + 1])
end
redis.call('PEXPIRE', KEYS[3], retention)
return 1
