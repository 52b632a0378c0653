-- Move a mark of a session from one run number to another, and replace the summary where one is given.
-- Returns 0 if the session is gone or the mark is elsewhere.
local field, since, till, has_summary, summary = ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4] == '1', ARGV[5]
if redis.call('EXISTS', META) == 0 or number_of(META, field) ~= since then
  return 0
end
redis.call('HSET', META, field, till)
if has_summary then
  redis.call('HSET', META, 'summary', summary)
end
return 1
