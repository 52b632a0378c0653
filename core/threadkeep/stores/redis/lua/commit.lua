-- Append the run, drop the first events, end the lease; ready again if more waits.
-- KEYS[8] dead (zset of letters by time), KEYS[9] letters (hash).
-- Returns {0} if the lease is lost, else {1, 1 if the session is ready again}.
local DEAD, LETTERS = KEYS[8], KEYS[9]
local session, fence, run_id, body, consumed = ARGV[1], ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5])
local user, max_runs, max_context, max_speakers = ARGV[6], ARGV[7], tonumber(ARGV[8]), ARGV[9]
local retention, channel, origin = ARGV[10], ARGV[11], ARGV[12]
-- An empty reason is none.
local reason, max_letters = ARGV[13], tonumber(ARGV[14])

local known = redis.call('HMGET', META, 'committed', 'fence', 'holder', 'taken')
if known[1] == run_id then
  return {1, 0}
end
if known[2] ~= fence or not known[3] then
  return {0, 0}
end

local now, taken = now_ms(), tonumber(known[4])

-- The fields of a letter are parted by a zero byte, which no key and no JSON holds.
local function write_letter(items)
  local letter = {session, run_id, reason, number_of(RUN, 'attempt'), now}
  for _, item in ipairs(items) do
    letter[#letter + 1] = string.sub(item, 2)
  end
  redis.call('HSET', LETTERS, run_id, table.concat(letter, '\0'))
  redis.call('ZADD', DEAD, now, run_id)
  local surplus = redis.call('ZCARD', DEAD) - max_letters
  if surplus > 0 then
    local popped = redis.call('ZPOPMIN', DEAD, surplus)
    for index = 1, #popped, 2 do
      redis.call('HDEL', LETTERS, popped[index])
    end
  end
end

-- Returns the items that were answered, and how many of the first ones stay.
local function consume(count)
  local answered, upgraded, context, deleted = {}, {}, 0, 0
  for _, item in ipairs(count > 0 and redis.call('LPOP', INBOX, count) or {}) do
    local mark = string.sub(item, 1, 1)
    if mark == 'u' then
      upgraded[#upgraded + 1] = 'a' .. string.sub(item, 2)
    elseif mark == 'c' then
      context = context + 1
    elseif mark == 'd' then
      deleted = deleted + 1
    else
      answered[#answered + 1] = item
    end
  end
  for index = #upgraded, 1, -1 do
    redis.call('LPUSH', INBOX, upgraded[index])
  end
  -- Not -count: Lua would write -0, which is no number to Redis.
  add('waiting', 0 - #answered)
  add('context', 0 - context)
  add('deleted', 0 - deleted)
  return answered, #upgraded
end

append_run(run_id, body, max_runs, now)
redis.call('HSET', META, 'committed', run_id)
add_speaker(user, max_speakers)
local count = math.min(consumed, taken)
local answered, left = consume(count)
if reason ~= '' then
  write_letter(answered)
end
redis.call('DEL', RUN)
settle(0, taken - count + left)
end_lease()
purge(0)
trim_context(max_context, 0)
unschedule(session)
local is_woken = 0
if number_of(META, 'waiting') > 0 then
  is_woken = schedule(session, channel, origin)
end
touch(retention)
return {1, is_woken}
