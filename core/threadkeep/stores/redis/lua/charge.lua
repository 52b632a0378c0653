-- Keep what a call in the background cost, with its session. KEYS[6] is where. Returns 0 if there is no session.
local CHARGES, body, most, retention = KEYS[6], ARGV[1], ARGV[2], ARGV[3]
if redis.call('EXISTS', META) == 0 then
  return 0
end
if redis.call('RPUSH', CHARGES, body) > tonumber(most) then
  redis.call('LTRIM', CHARGES, -tonumber(most), -1)
end
redis.call('PEXPIRE', CHARGES, retention)
return 1
