-- Store a message, once, and make its session ready.
-- KEYS[8] seen, KEYS[9] places (zset of sessions by time), KEYS[10] workspaces (set), KEYS[11] platforms (set).
-- Returns what was done, and 1 if the session became ready by it.
local SEEN, PLACES, WORKSPACES, PLATFORMS = KEYS[8], KEYS[9], KEYS[10], KEYS[11]
local session, addressing, identity, body, user = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local max_waiting, max_context, max_speakers = tonumber(ARGV[6]), tonumber(ARGV[7]), ARGV[8]
local retention, seen_ms, channel, origin, control = ARGV[9], ARGV[10], ARGV[11], ARGV[12], ARGV[13]
local place, message, workspace, max_places = ARGV[14], ARGV[15], ARGV[16], tonumber(ARGV[17])
-- What happened to an older message, such as a press, is not the latest message of the place.
local is_latest = ARGV[18] == '1'

local head = identity .. '\n'
-- Read once what is needed: each call costs as much as it does.
local known = redis.call('HMGET', META, 'created', 'waiting', 'holder', 'entry', 'u:' .. user, 'place', 'message')
local has_session, waiting, has_holder = known[1] ~= false, tonumber(known[2] or 0), known[3] ~= false
-- A run that sleeps wakes up.
local is_asleep = known[4] == 'asleep'
local has_entry, is_speaker = known[4] ~= false and not is_asleep, known[5] ~= false
local is_answerable = addressing == 'bot' or (addressing == 'thread' and has_session)
local seen = redis.call('GET', SEEN)
local mark = seen and string.sub(seen, 1, 1)
local deliveries = seen and deliveries_of(seen) + 1 or 1
-- As text: a number would be written out anew wherever it is used.
local now = string.format('%d', now_ms())

-- What is written in any case, and the place where it has changed; with the first one the platform is known.
local function with_place(fields)
  fields[#fields + 1] = 'message'
  fields[#fields + 1] = not is_latest and known[7] or message
  if not known[6] then
    redis.call('SADD', PLATFORMS, string.match(session, '^[^:]*'))
  end
  if known[6] ~= place then
    fields[#fields + 1] = 'place'
    fields[#fields + 1] = place
  end
  return unpack(fields)
end

local function note(outcome, ...)
  see(SEEN, seen_ms, outcome == 'kept' and 'c' or 'a', deliveries, now, waiting, outcome, session)
  if not is_speaker then
    add_speaker(user, max_speakers)
  end
  if redis.call('ZADD', PLACES, now, session) == 1 then
    redis.call('ZREMRANGEBYSCORE', PLACES, '-inf', now - retention)
    redis.call('ZREMRANGEBYRANK', PLACES, 0, -max_places - 1)
    if redis.call('SCARD', WORKSPACES) < max_places then
      redis.call('SADD', WORKSPACES, workspace)
    end
  end
  keep_alive(retention, ...)
end

-- Append an item. Returns the inbox if it was made by that.
local function push(item)
  if redis.call('RPUSH', INBOX, item) == 1 then
    return INBOX
  end
end

local function keep()
  local made = push('c' .. head .. body)
  redis.call('HSET', META, with_place({}))
  local count = redis.call('HINCRBY', META, 'context', 1)
  if not has_holder then
    if count > max_context then
      trim_context(max_context, taken_for_good())
    end
  elseif count - number_of(META, 'shown_context') > max_context then
    drop_oldest_context(number_of(META, 'shown'))
  end
  return made
end

-- A message that was kept as context turns out to be addressed to the bot: it is answered at its place in the order.
local function upgrade(index)
  local is_shown = has_holder and index < number_of(META, 'shown')
  local is_taken = index < taken_for_good()
  redis.call('LSET', INBOX, index, ((is_shown or is_taken) and 'u' or 'a') .. head .. body)
  if is_shown then
    add('shown_context', -1)
  end
  add('context', -1)
end

local function store()
  local index, found, made
  if mark == 'c' then
    index, found = find_item(identity)
  end
  if found == 'c' then
    upgrade(index)
  else
    made = push('a' .. head .. body)
  end
  local fields = {'waiting', waiting + 1}
  if not has_session then
    fields = {'waiting', 1, 'created', now, 'updated', now}
  end
  if is_asleep then
    redis.call('ZREM', LATER, session)
  end
  if not has_entry then
    fields[#fields + 1] = 'entry'
    fields[#fields + 1] = enlist(session)
  end
  redis.call('HSET', META, with_place(fields))
  return made
end

if mark == 'a' or (mark == 'c' and not is_answerable) then
  see_again(SEEN, seen)
  return {'duplicate', 0}
end
if not has_session and not is_answerable then
  return {'ignored', 0}
end
if not is_answerable then
  note('kept', keep())
  return {'kept', 0}
end
if waiting >= max_waiting then
  if mark ~= 'c' then
    see(SEEN, seen_ms, 'f', deliveries, now, waiting, 'full', session)
  end
  return {'full', 0}
end

note('accepted', store())
local is_woken = has_entry and 0 or announce(channel, origin)
if has_holder then
  signal(control, session, 'message', waiting_beyond(), identity)
end
return {'accepted', is_woken}
