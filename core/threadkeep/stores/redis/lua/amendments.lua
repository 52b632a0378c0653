-- What became of messages after they were taken: KEYS amended is a hash. Under the message's identity stand a number
-- that grows, a line feed and the edit, or nothing for a deletion; under '#' and that number the identity. The latest
-- MOST are kept.
local MOST = 500

local function amend(identity, body)
  local number = redis.call('HINCRBY', META, 'amendments', 1)
  redis.call('HSET', AMENDED, identity, number .. '\n' .. body, '#' .. number, identity)
  local old = number - MOST
  local forgotten = redis.call('HGET', AMENDED, '#' .. old)
  if forgotten then
    redis.call('HDEL', AMENDED, '#' .. old)
    local latest = redis.call('HGET', AMENDED, forgotten)
    if latest and tonumber(string.match(latest, '^%d+')) == old then
      redis.call('HDEL', AMENDED, forgotten)
    end
  end
end

-- Give identities and edits, one after the other, of the messages in those items and runs. A run names its messages
-- as "source"; within a text of its JSON a quote would be escaped.
local function amendments_of(items, runs)
  local found = {}
  if redis.call('EXISTS', AMENDED) == 0 then
    return found
  end
  local is_known = {}
  local function look(identity)
    if is_known[identity] then
      return
    end
    is_known[identity] = true
    local amended = redis.call('HGET', AMENDED, identity)
    if amended then
      found[#found + 1] = identity
      found[#found + 1] = string.match(amended, '\n(.*)$')
    end
  end
  for _, item in ipairs(items) do
    look(string.match(item, '^.([^\n]*)\n'))
  end
  for _, body in ipairs(runs) do
    for identity in string.gmatch(body, '"source":"([^"]*)"') do
      look(identity)
    end
  end
  return found
end
