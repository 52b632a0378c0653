-- Take a session: one whose delay is over or which is ready, or one whose lease has lapsed.
-- KEYS[1] ready, KEYS[2] later, KEYS[3] fence. The keys of the session that is found carry the same hash tag.
-- Returns what the worker needs, or {0, milliseconds until a delayed session is due, or -1}.
local base, worker, run_id, run_count = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local lease, max_claimed, max_context = ARGV[5], tonumber(ARGV[6]), tonumber(ARGV[7])
local is_lapsed_first = ARGV[8] == '1'
local FENCE = KEYS[3]
READY, LATER = KEYS[1], KEYS[2]

local now = now_ms()

local function move_due()
  for _, session in ipairs(redis.call('ZRANGEBYSCORE', LATER, '-inf', now, 'LIMIT', 0, 10)) do
    redis.call('ZREM', LATER, session)
    local meta = base .. session .. ':meta'
    if redis.call('HGET', meta, 'entry') == 'later' then
      redis.call('HSET', meta, 'entry', redis.call('XADD', READY, '*', 's', session))
    end
  end
end

-- The group is made where it is missing: at the very first claim, and after the database was flushed.
local function read_ready()
  local found = redis.pcall('XREADGROUP', 'GROUP', GROUP, CONSUMER, 'COUNT', 1, 'STREAMS', READY, '>')
  if found and found.err then
    redis.call('XGROUP', 'CREATE', READY, GROUP, '0', 'MKSTREAM')
    found = redis.call('XREADGROUP', 'GROUP', GROUP, CONSUMER, 'COUNT', 1, 'STREAMS', READY, '>')
  end
  if found then
    return found[1][2][1][1], found[1][2][1][2][2]
  end
end

-- XAUTOCLAIM would look at ten pending entries only, from a cursor that somebody must keep.
local function take_lapsed()
  local pending = redis.pcall('XPENDING', READY, GROUP, 'IDLE', lease, '-', '+', 1)
  if pending.err or #pending == 0 then
    return nil
  end
  local id = pending[1][1]
  local entry = redis.call('XCLAIM', READY, GROUP, CONSUMER, 0, id)[1]
  return id, entry and entry[2][2]
end

local function find()
  local id, session
  if is_lapsed_first then
    id, session = take_lapsed()
  end
  local is_lapsed = id ~= nil
  if not id then
    id, session = read_ready()
  end
  if not id and not is_lapsed_first then
    id, session = take_lapsed()
    is_lapsed = id ~= nil
  end
  return id, session, is_lapsed
end

-- Count the marks of what the worker is shown; the attempt that saw some of it as context is fenced off now.
local function show(items, taken)
  local context, asked = 0, 0
  for index, item in ipairs(items) do
    local mark = string.sub(item, 1, 1)
    if mark == 'u' and index > taken then
      mark = 'a'
      redis.call('LSET', INBOX, index - 1, 'a' .. string.sub(item, 2))
    end
    if mark == 'c' then
      context = context + 1
    elseif mark == 'a' and (taken == 0 or index <= taken) then
      asked = asked + 1
    end
  end
  return context, asked
end

-- What is in the stream and not in the pending list was handed to nobody yet.
local function has_more()
  return redis.call('XLEN', READY) > redis.call('XPENDING', READY, GROUP)[1] and 1 or 0
end

local function next_due_in()
  local next_due = redis.call('ZRANGE', LATER, 0, 0, 'WITHSCORES')
  return #next_due == 0 and -1 or math.max(0, next_due[2] - now)
end

local function take(id, session, is_lapsed, taken)
  trim_context(max_context, taken)
  local events = redis.call('LRANGE', INBOX, 0, math.max(max_claimed, taken) - 1)
  local context, asked = show(events, taken)

  -- One counter for all sessions, so that a session which is deleted and begins again gets no old number.
  local fence = redis.call('INCR', FENCE)
  redis.call(
    'HSET', META, 'fence', fence, 'holder', worker, 'shown', #events, 'shown_context', context,
    'taken', taken > 0 and taken or #events, 'asked', asked
  )
  local attempt = redis.call('HINCRBY', RUN, 'attempt', 1)
  redis.call('HSETNX', RUN, 'run_id', run_id)
  redis.call('PEXPIRE', RUN, redis.call('PTTL', META))

  local runs = {}
  if run_count > 0 then
    runs = redis.call('LRANGE', RUNS, -run_count, -1)
  end
  return {
    1, session, id, fence, attempt, events, redis.call('HGETALL', RUN), redis.call('HGETALL', META), runs,
    is_lapsed and 1 or 0, amendments_of(events, runs), has_more(), next_due_in(),
  }
end

move_due()
-- A few entries may belong to sessions that were deleted or have expired.
for _ = 1, 20 do
  local id, session, is_lapsed = find()
  if not id then
    break
  end
  if session then
    open_session(base .. session)
  end
  local known = session and redis.call('HMGET', META, 'entry', 'waiting', 'taken', 'deleted')
  if known and known[1] == id then
    local taken, waiting = 0, tonumber(known[2] or 0)
    if known[3] or (known[4] or '0') ~= '0' then
      taken = settle_unfinished()
      waiting = number_of(META, 'waiting')
    else
      taken = taken_for_good()
    end
    if waiting > 0 then
      return take(id, session, is_lapsed, taken)
    end
    end_lease()
    redis.call('DEL', RUN)
    redis.call('HDEL', META, 'entry')
  end
  redis.call('XACK', READY, GROUP, id)
  redis.call('XDEL', READY, id)
end

return {0, next_due_in()}
