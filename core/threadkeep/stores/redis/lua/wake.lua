-- A run that waits for people sleeps: its session stands among the delayed ones, with the entry "asleep".

-- Let the session be ready at once if its run sleeps. Returns 1 if a worker should be woken.
local function wake(session, channel, origin)
  if redis.call('HGET', META, 'entry') ~= 'asleep' then
    return 0
  end
  redis.call('ZREM', LATER, session)
  return schedule(session, channel, origin)
end
