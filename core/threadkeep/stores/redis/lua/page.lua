-- Read a session and the runs that follow the one with a number, with what became of their messages. Returns {} if there
-- is no such session. The third word of the reply is the number of the run before the first.
local after, count = tonumber(ARGV[1]), tonumber(ARGV[2])
local meta = redis.call('HGETALL', META)
if #meta == 0 then
  return {}
end
-- The cap may have dropped the first ones.
local dropped = number_of(META, 'runs') - redis.call('LLEN', RUNS)
local first = math.max(after - dropped, 0)
local runs = {}
if count > 0 then
  runs = redis.call('LRANGE', RUNS, first, first + count - 1)
end
return {meta, runs, amendments_of({}, runs), dropped + first}
