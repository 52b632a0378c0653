-- What several scripts share; it is put in front of each of them.
--
-- A session's keys, always in this order: KEYS[1] meta, KEYS[2] inbox, KEYS[3] run, KEYS[4] runs.
-- Then KEYS[5] ready (stream), KEYS[6] later (zset), where a script schedules.
--
-- An item of the inbox is a mark, the message's identity, a line feed, and the event as JSON. The marks:
--   a  to be answered
--   u  to be answered, but the run in progress saw it as context: its commit must leave it
--   c  context: shown to the next run, not answered
--
-- meta.waiting counts the marks a and u, meta.context the mark c. While a worker holds the session, the first
-- meta.taken items are what it was given; meta.taken_context of them were context. Nothing is dropped or inserted
-- there until its run ends, so that "the first n" means the same to both.
-- meta.entry is the session's place: an id in the ready stream, "later", or absent when there is nothing to answer.

local GROUP = 'workers'
-- Who holds a session stands in its meta, together with the fence. So all workers can be one consumer, and
-- the names of dead ones do not pile up in the group.
local CONSUMER = 'worker'

local function now_ms()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local function number_of(key, field)
  return tonumber(redis.call('HGET', key, field) or 0)
end

-- Make the session ready, unless it is, or is held, or waits for its delay. Returns 1 if a worker should be woken.
local function schedule(session, channel, origin)
  if redis.call('HEXISTS', KEYS[1], 'entry') == 1 then
    return 0
  end
  redis.call('HSET', KEYS[1], 'entry', redis.call('XADD', KEYS[5], '*', 's', session))
  redis.call('PUBLISH', channel, origin)
  return 1
end

-- Take the session out of the ready stream and of the delayed ones.
local function unschedule(session)
  local entry = redis.call('HGET', KEYS[1], 'entry')
  if not entry then
    return
  end
  if entry == 'later' then
    redis.call('ZREM', KEYS[6], session)
  else
    -- The group vanishes with the stream when somebody flushes the database under a running worker.
    redis.pcall('XACK', KEYS[5], GROUP, entry)
    redis.call('XDEL', KEYS[5], entry)
  end
  redis.call('HDEL', KEYS[1], 'entry')
end

local function is_held(fence)
  local held = redis.call('HMGET', KEYS[1], 'fence', 'holder')
  return held[1] == fence and held[2] ~= false
end

local function end_lease()
  redis.call('HDEL', KEYS[1], 'holder', 'taken', 'taken_context')
end

-- Drop the oldest context at or after an index. Looks at few items at a time: the oldest is near the front.
local function drop_oldest_context(inbox, index)
  while true do
    local items = redis.call('LRANGE', inbox, index, index + 31)
    if #items == 0 then
      return
    end
    for offset, item in ipairs(items) do
      if string.sub(item, 1, 1) == 'c' then
        redis.call('LSET', inbox, index + offset - 1, '')
        redis.call('LREM', inbox, 1, '')
        return
      end
    end
    index = index + 32
  end
end

local function trim_context(meta, inbox, most)
  for _ = 1, number_of(meta, 'context') - most do
    drop_oldest_context(inbox, 0)
    redis.call('HINCRBY', meta, 'context', -1)
  end
end

local function begin_session(now)
  if redis.call('HSETNX', KEYS[1], 'created', now) == 1 then
    redis.call('HSET', KEYS[1], 'updated', now)
  end
end

-- Name a speaker, in order of appearance.
local function add_speaker(user, most)
  if user == '' or redis.call('HEXISTS', KEYS[1], 'u:' .. user) == 1 then
    return
  end
  local count = number_of(KEYS[1], 'speakers')
  if count < tonumber(most) then
    redis.call('HSET', KEYS[1], 'speakers', count + 1, 'u:' .. user, count + 1)
  end
end

-- Append a finished run, once.
local function append_run(run_id, body, most, now)
  redis.call('RPUSH', KEYS[4], body)
  redis.call('LTRIM', KEYS[4], -tonumber(most), -1)
  redis.call('HINCRBY', KEYS[1], 'runs', 1)
  redis.call('HSET', KEYS[1], 'last', run_id, 'updated', now)
end

-- All keys of a session live equally long.
local function touch(retention)
  for index = 1, 4 do
    redis.call('PEXPIRE', KEYS[index], retention)
  end
end
