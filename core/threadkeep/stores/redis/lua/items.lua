-- The items of an inbox; see shared.lua for what they look like.

-- Visit the items from one index to another, until visit(index, mark, item) returns true. It may replace the item.
local function each_item(first, last, visit)
  while first <= last do
    local items = redis.call('LRANGE', INBOX, first, math.min(last, first + 63))
    if #items == 0 then
      return
    end
    for offset, item in ipairs(items) do
      if visit(first + offset - 1, string.sub(item, 1, 1), item) then
        return
      end
    end
    first = first + #items
  end
end

local function identity_of(item)
  return string.match(item, '^.([^\n]*)\n')
end

-- Give index, mark and text of the item with that identity, if it waits and is not deleted.
local function find_item(identity)
  local head, found, found_mark, found_item = identity .. '\n', nil, nil, nil
  each_item(0, math.huge, function(index, mark, item)
    if mark ~= 'd' and string.sub(item, 2, #head + 1) == head then
      found, found_mark, found_item = index, mark, item
      return true
    end
  end)
  return found, found_mark, found_item
end

local function count_marks(wanted, first, last)
  local count = 0
  each_item(first, last, function(_, mark)
    if mark == wanted then
      count = count + 1
    end
  end)
  return count
end

-- How many items an attempt of the run in progress has taken for good: a later one answers the same.
local function taken_for_good()
  local taken = number_of(RUN, 's:taken')
  return taken > 0 and math.min(taken, redis.call('LLEN', INBOX)) or 0
end

-- Drop the oldest context at or after an index.
local function drop_oldest_context(first)
  each_item(first, math.huge, function(index, mark)
    if mark == 'c' then
      redis.call('LSET', INBOX, index, '')
      redis.call('LREM', INBOX, 1, '')
      add('context', -1)
      return true
    end
  end)
end

-- Drop the oldest context above the bound; what an unfinished run has taken stays.
local function trim_context(most, first)
  local surplus = number_of(META, 'context') - most
  if surplus > 0 and first > 0 then
    surplus = surplus - count_marks('c', 0, first - 1)
  end
  for _ = 1, surplus do
    drop_oldest_context(first)
  end
end

-- Mark an item as deleted; it keeps its place.
local function bury(index, mark, item)
  redis.call('LSET', INBOX, index, 'd' .. string.sub(item, 2))
  add('deleted', 1)
  if mark ~= 'c' then
    add('waiting', -1)
    return
  end
  add('context', -1)
  if index < number_of(META, 'shown') then
    add('shown_context', -1)
  end
end

-- Remove what is marked as deleted at or after an index. Returns how many that were.
local function purge(first)
  if number_of(META, 'deleted') == 0 then
    return 0
  end
  each_item(first, math.huge, function(index, mark)
    if mark == 'd' then
      redis.call('LSET', INBOX, index, '')
    end
  end)
  local count = redis.call('LREM', INBOX, 0, '')
  add('deleted', 0 - count)
  return count
end

-- Put an edit behind the event, in the place of an earlier edit.
local function edit(index, item, body)
  local whole = string.match(item, '^[^\n]*\n[^\n]*')
  redis.call('LSET', INBOX, index, whole .. '\n' .. body)
  redis.call('HDEL', AMENDED, identity_of(item))
end

-- What happened to messages while a run might have answered them happens to them now, if it does not.
local function settle(first, last)
  if last <= first or redis.call('EXISTS', AMENDED) == 0 then
    return
  end
  each_item(first, last - 1, function(index, mark, item)
    local amended = mark ~= 'd' and redis.call('HGET', AMENDED, identity_of(item))
    if amended then
      local body = string.match(amended, '\n(.*)$')
      if body == '' then
        bury(index, mark, item)
      else
        edit(index, item, body)
      end
    end
  end)
end

-- A lease has ended without a commit: only what the run has taken for good stays as it is. Returns how much that is.
local function settle_unfinished()
  local kept = taken_for_good()
  local taken = number_of(META, 'taken')
  settle(kept, taken)
  purge(kept)
  return kept
end
