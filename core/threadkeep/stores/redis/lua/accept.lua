-- Store a message, once, and make its session ready.
-- KEYS[8] seen, KEYS[9] places (zset of sessions by time), KEYS[10] workspaces (set).
-- Returns what was done, and 1 if the session became ready by it.
local SEEN, PLACES, WORKSPACES = KEYS[8], KEYS[9], KEYS[10]
local session, addressing, identity, body, user = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local max_waiting, max_context, max_speakers = tonumber(ARGV[6]), tonumber(ARGV[7]), ARGV[8]
local retention, seen_ms, channel, origin, control = ARGV[9], ARGV[10], ARGV[11], ARGV[12], ARGV[13]
local place, message, workspace, max_places = ARGV[14], ARGV[15], ARGV[16], tonumber(ARGV[17])

local head = identity .. '\n'
local has_session = redis.call('EXISTS', META) == 1
local is_answerable = addressing == 'bot' or (addressing == 'thread' and has_session)
local seen = redis.call('GET', SEEN)
local mark = seen and string.sub(seen, 1, 1)
local deliveries = seen and deliveries_of(seen) + 1 or 1

local function note(outcome, waiting)
  see(SEEN, seen_ms, outcome == 'kept' and 'c' or 'a', deliveries, waiting, outcome, session)
  add_speaker(user, max_speakers)
  redis.call('HSET', META, 'place', place, 'message', message)
  local now = now_ms()
  if redis.call('ZADD', PLACES, now, session) == 1 then
    redis.call('ZREMRANGEBYSCORE', PLACES, '-inf', now - retention)
    redis.call('ZREMRANGEBYRANK', PLACES, 0, -max_places - 1)
    if redis.call('SCARD', WORKSPACES) < max_places then
      redis.call('SADD', WORKSPACES, workspace)
    end
  end
  touch(retention)
end

local function keep()
  redis.call('RPUSH', INBOX, 'c' .. head .. body)
  local count = redis.call('HINCRBY', META, 'context', 1)
  if redis.call('HEXISTS', META, 'holder') == 0 then
    if count > max_context then
      trim_context(max_context, taken_for_good())
    end
  elseif count - number_of(META, 'shown_context') > max_context then
    drop_oldest_context(number_of(META, 'shown'))
  end
end

-- A message that was kept as context turns out to be addressed to the bot: it is answered at its place in the order.
local function upgrade(index)
  local is_shown = redis.call('HEXISTS', META, 'holder') == 1 and index < number_of(META, 'shown')
  local is_taken = index < taken_for_good()
  redis.call('LSET', INBOX, index, ((is_shown or is_taken) and 'u' or 'a') .. head .. body)
  if is_shown then
    add('shown_context', -1)
  end
  add('context', -1)
end

local function store()
  local index, found
  if mark == 'c' then
    index, found = find_item(identity)
  end
  if found == 'c' then
    upgrade(index)
  else
    redis.call('RPUSH', INBOX, 'a' .. head .. body)
  end
  add('waiting', 1)
end

if mark == 'a' or (mark == 'c' and not is_answerable) then
  see_again(SEEN, seen)
  return {'duplicate', 0}
end
if not has_session and not is_answerable then
  return {'ignored', 0}
end
local waiting = number_of(META, 'waiting')
if not is_answerable then
  keep()
  note('kept', waiting)
  return {'kept', 0}
end
if waiting >= max_waiting then
  if mark ~= 'c' then
    see(SEEN, seen_ms, 'f', deliveries, waiting, 'full', session)
  end
  return {'full', 0}
end

begin_session(now_ms())
store()
note('accepted', waiting)
local is_woken = schedule(session, channel, origin)
if redis.call('HEXISTS', META, 'holder') == 1 then
  signal(control, session, 'message', waiting_beyond(), identity)
end
return {'accepted', is_woken}
