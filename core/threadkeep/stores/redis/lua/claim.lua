-- Take a session: one whose delay is over or which is ready, or one whose lease has lapsed.
-- KEYS[1] ready and KEYS[2] later, each without the platform, KEYS[3] fence, KEYS[4] platforms. The keys of the session
-- that is found carry the same hash tag. ARGV from the tenth on: the platforms to be looked at, else all that are known.
-- Returns what the worker needs, or {0, milliseconds until a delayed session is due, or -1}.
local base, worker, run_id, run_count = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local most_runs, lease = tonumber(ARGV[5]), ARGV[6]
local max_claimed, max_context = tonumber(ARGV[7]), tonumber(ARGV[8])
local is_lapsed_first = ARGV[9] == '1'
local FENCE = KEYS[3]
local platforms = platforms_of(10, KEYS[4])

local now = now_ms()

local function next_due_in()
  local next_due = redis.call('ZRANGE', LATER, 0, 0, 'WITHSCORES')
  return #next_due == 0 and -1 or math.max(0, next_due[2] - now)
end

local function mapped(flat)
  local map = {}
  for index = 1, #flat, 2 do
    map[flat[index]] = flat[index + 1]
  end
  return map
end

local function move_due()
  for _, session in ipairs(redis.call('ZRANGEBYSCORE', LATER, '-inf', now, 'LIMIT', 0, 10)) do
    redis.call('ZREM', LATER, session)
    local meta = base .. session .. ':meta'
    local entry = redis.call('HGET', meta, 'entry')
    if entry == 'later' or entry == 'asleep' then
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

-- Look at one platform after the other, and stay with the one where something was found.
local function seek(look)
  for _, platform in ipairs(platforms) do
    turn_to(platform)
    local id, session = look()
    if id then
      return id, session
    end
  end
end

local function find()
  local id, session
  if is_lapsed_first then
    id, session = seek(take_lapsed)
  end
  local is_lapsed = id ~= nil
  if not id then
    id, session = seek(read_ready)
  end
  if not id and not is_lapsed_first then
    id, session = seek(take_lapsed)
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
  for _, platform in ipairs(platforms) do
    turn_to(platform)
    local pending = redis.pcall('XPENDING', READY, GROUP)
    if redis.call('XLEN', READY) > (pending.err and 0 or pending[1]) then
      return 1
    end
  end
  return 0
end

-- What of its meta the worker is told.
local IS_TOLD = {
  name = true, state = true, created = true, updated = true, runs = true, summary = true, summarised = true, read = true,
}

local function told(meta)
  local found = {}
  for name, value in pairs(meta) do
    if IS_TOLD[name] or string.sub(name, 1, 2) == 'u:' then
      found[#found + 1] = name
      found[#found + 1] = value
    end
  end
  return found
end

-- Begin the next attempt. Returns its number.
local function begin_attempt(run, fields)
  local attempt = (run.attempt or 0) + 1
  redis.call('HSET', RUN, 'attempt', attempt, 'run_id', run.run_id or run_id)
  if not run.run_id then
    fields[#fields + 1] = 'run_id'
    fields[#fields + 1] = run_id
    redis.call('PEXPIRE', RUN, redis.call('PTTL', META))
  end
  return attempt
end

local due_in = -1

local function take(id, session, is_lapsed, taken, meta, run, fields)
  local events = redis.call('LRANGE', INBOX, 0, math.max(max_claimed, taken) - 1)
  local context, asked = show(events, taken)

  -- One counter for all sessions, so that a session which is deleted and begins again gets no old number.
  local fence = redis.call('INCR', FENCE)
  redis.call(
    'HSET', META, 'fence', fence, 'holder', worker, 'shown', #events, 'shown_context', context,
    'taken', taken > 0 and taken or #events, 'asked', asked
  )
  local attempt = begin_attempt(run, fields)
  local runs = last_runs(run_count, most_runs)
  local amendments = meta.amendments and amendments_of(events, runs) or {}
  return {
    1, session, id, fence, attempt, events, fields, told(meta), runs,
    is_lapsed and 1 or 0, amendments, has_more(), due_in,
  }
end

for _, platform in ipairs(platforms) do
  turn_to(platform)
  local next_in = next_due_in()
  if next_in == 0 then
    move_due()
    next_in = next_due_in()
  end
  due_in = sooner(due_in, next_in)
end
-- A few entries may belong to sessions that were deleted or have expired.
for _ = 1, 20 do
  local id, session, is_lapsed = find()
  if not id then
    break
  end
  local meta = {}
  if session then
    open_session(base .. session)
    meta = mapped(redis.call('HGETALL', META))
  end
  if meta.entry == id then
    local fields = redis.call('HGETALL', RUN)
    local run, taken = mapped(fields), 0
    if meta.taken or (meta.deleted or '0') ~= '0' then
      taken = settle_unfinished()
      meta = mapped(redis.call('HGETALL', META))
    elseif run['s:taken'] then
      taken = taken_for_good()
    end
    if tonumber(meta.waiting or 0) > 0 then
      if tonumber(meta.context or 0) > max_context then
        trim_context(max_context, taken)
      end
      return take(id, session, is_lapsed, taken, meta, run, fields)
    end
    end_lease('entry')
    redis.call('DEL', RUN)
  end
  redis.call('XACK', READY, GROUP, id)
  redis.call('XDEL', READY, id)
end

return {0, due_in}
