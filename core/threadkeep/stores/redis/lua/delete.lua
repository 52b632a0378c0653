-- Delete a session with all that waits in it. With its meta goes the fence: nobody can commit any more.
local has_session = redis.call('EXISTS', KEYS[1])
unschedule(ARGV[1])
redis.call('DEL', KEYS[1], KEYS[2], KEYS[3], KEYS[4])
return has_session
