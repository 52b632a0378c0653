-- Append the run, drop the first events, end the lease; ready again if more waits.
-- KEYS[8] dead (zset of letters by time), KEYS[9] letters (hash).
-- Returns {0} if the lease is lost, else {1, 1 if the session is ready again}.
local DEAD, LETTERS = KEYS[8], KEYS[9]
local session, fence, run_id, body, consumed = ARGV[1], ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5])
local user, max_runs, max_context, max_speakers = ARGV[6], ARGV[7], tonumber(ARGV[8]), ARGV[9]
local retention, channel, origin = ARGV[10], ARGV[11], ARGV[12]
-- An empty reason is none, an empty state leaves the session's as it is.
local reason, max_letters, state = ARGV[13], tonumber(ARGV[14]), ARGV[15]
local is_boundary = ARGV[16] == '1'

-- Read once what is needed: each call costs as much as it does.
local known = redis.call(
  'HMGET', META, 'committed', 'fence', 'holder', 'taken', 'waiting', 'context', 'deleted', 'runs', 'amendments',
  'entry', 'u:' .. user
)
if known[1] == run_id then
  return {1, 0}
end
if known[2] ~= fence or not known[3] then
  return {0, 0}
end

local now, taken = string.format('%d', now_ms()), tonumber(known[4])
local waiting, context, deleted = tonumber(known[5] or 0), tonumber(known[6] or 0), tonumber(known[7] or 0)

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
  local answered, upgraded = {}, {}
  for _, item in ipairs(count > 0 and redis.call('LPOP', INBOX, count) or {}) do
    local mark = string.sub(item, 1, 1)
    if mark == 'u' then
      upgraded[#upgraded + 1] = 'a' .. string.sub(item, 2)
    elseif mark == 'c' then
      context = context - 1
    elseif mark == 'd' then
      deleted = deleted - 1
    else
      waiting = waiting - 1
      answered[#answered + 1] = item
    end
  end
  for index = #upgraded, 1, -1 do
    redis.call('LPUSH', INBOX, upgraded[index])
  end
  return answered, #upgraded
end

local count = math.min(consumed, taken)
local answered, left = consume(count)
if reason ~= '' then
  write_letter(answered)
end
local has_runs = push_run(body, max_runs) > 0
redis.call('DEL', RUN)
redis.call(
  'HSET', META, 'last', run_id, 'committed', run_id, 'updated', now, 'runs', (known[8] or 0) + 1,
  'waiting', waiting, 'context', context, 'deleted', deleted
)
if state ~= '' then
  redis.call('HSET', META, 'state', state)
end
if is_boundary then
  begin_afresh((known[8] or 0) + 1)
end
if not known[11] then
  add_speaker(user, max_speakers)
end
if known[9] then
  settle(0, taken - count + left)
end
end_lease('entry')
if known[9] or deleted > 0 then
  purge(0)
end
if context > max_context then
  trim_context(max_context, 0)
end
withdraw(session, known[10])
-- What was put back into an empty inbox, and the first run, are new.
keep_alive(retention, left > 0 and INBOX, not has_runs and RUNS)
if known[9] or deleted > 0 then
  waiting = number_of(META, 'waiting')
end
if waiting < 1 then
  return {1, 0}
end
return {1, schedule(session, channel, origin)}
