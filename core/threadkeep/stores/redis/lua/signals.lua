-- What the worker that holds a session must hear at once.

local function signal(channel, session, kind, waiting, message)
  redis.call('PUBLISH', channel, cjson.encode({s = session, k = kind, w = waiting, m = message}))
end

-- How many messages to be answered wait beyond those that the run in progress answers.
local function waiting_beyond()
  return number_of(META, 'waiting') - number_of(META, 'asked')
end
