-- Store an edit or a deletion of a message, once.
-- KEYS[8] seen: the mark of this edit or deletion. ARGV[4] is the edit, or empty for a deletion.
-- Returns what was done, and 1 if the session became ready by it.
local SEEN = KEYS[8]
local session, identity, retention, body = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local seen_ms, control, channel, origin = ARGV[5], ARGV[6], ARGV[7], ARGV[8]
local is_woken = 0

local is_deletion = body == ''
local is_held = redis.call('HEXISTS', META, 'holder') == 1

-- Messages up to here are, or will be, answered as they are.
local function protected()
  return is_held and number_of(META, 'taken') or taken_for_good()
end

-- Of a run that has not recorded what it takes, only the first question is known to be taken.
local function is_surely_answered(index)
  return redis.call('HEXISTS', RUN, 's:taken') == 1 or (index == 0 or count_marks('a', 0, index - 1) == 0)
end

local function remove(index, mark, item)
  bury(index, mark, item)
  if is_held and index < number_of(META, 'shown') then
    amend(identity, '')
    return
  end
  purge(index)
  if not is_held and number_of(META, 'waiting') == 0 then
    unschedule(session)
    redis.call('DEL', RUN)
  end
end

local function change_waiting(index, mark, item)
  if is_deletion then
    remove(index, mark, item)
  else
    edit(index, item, body)
  end
  return mark == 'c' and 'kept' or 'accepted'
end

local function change_taken(index, mark)
  amend(identity, body)
  if mark ~= 'a' then
    return 'kept'
  end
  if is_deletion and is_surely_answered(index) then
    redis.call('HSETNX', RUN, 's:stop', 'deleted')
    is_woken = wake(session, channel, origin)
  end
  if is_held then
    signal(control, session, is_deletion and 'deleted' or 'edited', waiting_beyond(), identity)
  end
  return 'accepted'
end

local function change()
  local index, mark, item = find_item(identity)
  if index and index >= protected() then
    return change_waiting(index, mark, item)
  end
  if index then
    return change_taken(index, mark)
  end
  amend(identity, body)
  return 'kept'
end

local seen = redis.call('GET', SEEN)
if seen then
  see_again(SEEN, seen)
  return {'duplicate', 0}
end
if redis.call('EXISTS', META) == 0 then
  return {'ignored', 0}
end
local waiting = number_of(META, 'waiting')
local outcome = change()
see(SEEN, seen_ms, 'a', 1, now_ms(), waiting, outcome, session)
touch(retention)
return {outcome, is_woken}
