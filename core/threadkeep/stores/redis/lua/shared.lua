-- What several scripts share; it is put in front of each of them.
--
-- A session's keys, always in this order: meta, inbox, run, runs, amended. Then, where a script schedules, ready (stream)
-- and later (zset) of the session's platform in its partition.
--
-- An item of the inbox is a mark, the message's identity, a line feed, and the event as JSON; an edit of it follows
-- after one more line feed. The marks:
--   a  to be answered
--   u  to be answered, but the worker was shown it as context: the commit of its run must leave it
--   c  context: shown to the next run, not answered
--   d  deleted, but kept where it is, since the worker counts on the places
--
-- meta.waiting counts the marks a and u, meta.context the mark c, meta.deleted the mark d. While a worker holds the
-- session, the first meta.shown items are what it was shown, of which meta.shown_context are context: nothing is
-- dropped or inserted there, so that "the first n" means the same to both. The first meta.taken of them are what the
-- run answers, meta.asked of them with the mark a. From its first step on that number is also the step "taken" of the
-- run: a later attempt answers the same messages, and until then nothing is dropped there either.
-- meta.entry is the session's place: an id in the ready stream, "later" for a delay, "asleep" for a run that waits for
-- people, or absent when there is nothing to answer.

local META, INBOX, RUN, RUNS, AMENDED, READY, LATER = unpack(KEYS)

-- Turn to a session whose keys the script was not given.
local function open_session(name)
  META, INBOX, RUN, RUNS = name .. ':meta', name .. ':inbox', name .. ':run', name .. ':runs'
  AMENDED = name .. ':amended'
end

local GROUP = 'workers'
-- Who holds a session stands in its meta, together with the fence. So all workers can be one consumer, and
-- the names of dead ones do not pile up in the group.
local CONSUMER = 'worker'

local function now_ms()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local function number_of(key, field)
  return tonumber(redis.call('HGET', key, field) or 0) or 0
end

local function add(field, count)
  if count ~= 0 then
    redis.call('HINCRBY', META, field, count)
  end
end

-- Put a session into the ready stream. Returns its entry, which belongs into its meta.
local function enlist(session)
  return redis.call('XADD', READY, '*', 's', session)
end

-- Say that a session became ready. Returns 1: a worker should be woken.
local function announce(channel, origin)
  if origin ~= '' then
    redis.call('PUBLISH', channel, origin)
  end
  return 1
end

-- Make a session ready that has no entry: it is not ready, not held, and waits for no delay. Returns 1: a worker should
-- be woken.
local function schedule(session, channel, origin)
  redis.call('HSET', META, 'entry', enlist(session))
  return announce(channel, origin)
end

-- Take the session out of the ready stream or of the delayed ones, where its meta says that it is.
local function withdraw(session, entry)
  if entry == 'later' or entry == 'asleep' then
    redis.call('ZREM', LATER, session)
  elseif entry then
    -- The group vanishes with the stream when somebody flushes the database under a running worker.
    redis.pcall('XACK', READY, GROUP, entry)
    redis.call('XDEL', READY, entry)
  end
end

local function unschedule(session)
  withdraw(session, redis.call('HGET', META, 'entry'))
  redis.call('HDEL', META, 'entry')
end

local function is_held(fence)
  local held = redis.call('HMGET', META, 'fence', 'holder')
  return held[1] == fence and held[2] ~= false
end

-- Let nobody hold the session; further fields of its meta go with the lease.
local function end_lease(...)
  redis.call('HDEL', META, 'holder', 'taken', 'asked', 'shown', 'shown_context', ...)
end

local function begin_session(now)
  if redis.call('HSETNX', META, 'created', now) == 1 then
    redis.call('HSET', META, 'updated', now)
  end
end

-- Name a speaker, in order of appearance.
local function add_speaker(user, most)
  if user == '' or redis.call('HEXISTS', META, 'u:' .. user) == 1 then
    return
  end
  local count = number_of(META, 'speakers')
  if count < tonumber(most) then
    redis.call('HSET', META, 'speakers', count + 1, 'u:' .. user, count + 1)
  end
end

-- Append the body of a finished run. Returns how many there were, at least.
local function push_run(body, most)
  local count = redis.call('RPUSH', RUNS, body)
  if count > tonumber(most) then
    redis.call('LTRIM', RUNS, -tonumber(most), -1)
  end
  return count - 1
end

-- Read the last runs: so many, and before them those that no summary covers, together at most so many.
local function last_runs(count, most)
  if most > count then
    count = math.min(math.max(count, number_of(META, 'runs') - number_of(META, 'summarised')), most)
  end
  return count > 0 and redis.call('LRANGE', RUNS, -count, -1) or {}
end

-- A fresh conversation begins after the run with that number: the summary of what was before is dropped.
local function begin_afresh(number)
  redis.call('HSET', META, 'summarised', number)
  redis.call('HDEL', META, 'summary')
end

-- All keys of a session live equally long.
local function touch(retention)
  for _, key in ipairs({META, INBOX, RUN, RUNS, AMENDED}) do
    redis.call('PEXPIRE', key, retention)
  end
end

-- The same where it is done often: their time is renewed when a hundredth of it is over. The keys that were made just
-- now, if any, end with the others.
local function keep_alive(retention, ...)
  local left = redis.call('PTTL', META)
  if left < retention * 0.99 then
    return touch(retention)
  end
  for _, made in ipairs({...}) do
    if made then
      redis.call('PEXPIRE', made, left)
    end
  end
end
