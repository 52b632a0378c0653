-- Delete a session with all that waits in it. With its meta goes the fence: nobody can commit any more.
local has_session = redis.call('EXISTS', META)
unschedule(ARGV[1])
redis.call('DEL', META, INBOX, RUN, RUNS, AMENDED, (string.gsub(META, ':meta$', ':charges')))
return has_session
