-- Read a session and its last runs, with what became of their messages. Returns {} if there is no such session.
local count = tonumber(ARGV[1])
local meta = redis.call('HGETALL', META)
if #meta == 0 then
  return {}
end
local runs = {}
if count > 0 then
  runs = redis.call('LRANGE', RUNS, -count, -1)
end
return {meta, runs, amendments_of({}, runs)}
