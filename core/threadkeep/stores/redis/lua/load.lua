-- Read a session and its last runs, with what became of their messages. Returns {} if there is no such session.
local meta = redis.call('HGETALL', META)
if #meta == 0 then
  return {}
end
local runs = last_runs(tonumber(ARGV[1]), tonumber(ARGV[2]))
return {meta, runs, amendments_of({}, runs)}
