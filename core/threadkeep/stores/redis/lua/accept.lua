-- Store an event, once, and make its session ready.
-- KEYS[7] seen: 'a' for a message that is or was to be answered, 'c' for one that was kept as context.
-- Returns what was done, and 1 if the session became ready by it.
local session, addressing, identity, body, user = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local max_waiting, max_context, max_speakers = tonumber(ARGV[6]), tonumber(ARGV[7]), ARGV[8]
local retention, seen_ms, channel, origin = ARGV[9], ARGV[10], ARGV[11], ARGV[12]

local head = identity .. '\n'

local function index_of_context()
  local index = 0
  while true do
    local items = redis.call('LRANGE', KEYS[2], index, index + 63)
    if #items == 0 then
      return nil
    end
    for offset, item in ipairs(items) do
      if string.sub(item, 1, #head + 1) == 'c' .. head then
        return index + offset - 1
      end
    end
    index = index + 64
  end
end

-- A message that was kept as context turns out to be addressed to the bot: it is answered at its place in the order.
local function upgrade(index)
  local mark = 'a'
  if index < number_of(KEYS[1], 'taken') then
    mark = 'u'
    redis.call('HINCRBY', KEYS[1], 'taken_context', -1)
  end
  redis.call('LSET', KEYS[2], index, mark .. head .. body)
  redis.call('HINCRBY', KEYS[1], 'context', -1)
end

local function keep()
  redis.call('RPUSH', KEYS[2], 'c' .. head .. body)
  local count = redis.call('HINCRBY', KEYS[1], 'context', 1)
  if count - number_of(KEYS[1], 'taken_context') > max_context then
    drop_oldest_context(KEYS[2], number_of(KEYS[1], 'taken'))
    redis.call('HINCRBY', KEYS[1], 'context', -1)
  end
  redis.call('SET', KEYS[7], 'c', 'PX', seen_ms)
end

local has_session = redis.call('EXISTS', KEYS[1]) == 1
local is_answerable = addressing == 'bot' or (addressing == 'thread' and has_session)
local seen = redis.call('GET', KEYS[7])

if seen == 'a' or (seen and not is_answerable) then
  return {'duplicate', 0}
end
if not has_session and not is_answerable then
  return {'ignored', 0}
end
if not is_answerable then
  keep()
  add_speaker(user, max_speakers)
  touch(retention)
  return {'kept', 0}
end
if number_of(KEYS[1], 'waiting') >= max_waiting then
  return {'full', 0}
end

begin_session(now_ms())
local index = seen and index_of_context()
if index then
  upgrade(index)
else
  redis.call('RPUSH', KEYS[2], 'a' .. head .. body)
end
redis.call('HINCRBY', KEYS[1], 'waiting', 1)
redis.call('SET', KEYS[7], 'a', 'PX', seen_ms)
add_speaker(user, max_speakers)
local is_woken = schedule(session, channel, origin)
touch(retention)
return {'accepted', is_woken}
