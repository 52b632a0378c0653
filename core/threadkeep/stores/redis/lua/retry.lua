-- Let the messages of a letter wait in their session again.
-- KEYS[1] ready and KEYS[2] later, each without the platform, KEYS[3] dead, KEYS[4] letters. The keys of the session carry the same hash tag.
-- Returns {1 if there was such a letter, 1 if the session became ready by it}.
local DEAD, LETTERS = KEYS[3], KEYS[4]
local base, letter_id, retention, channel, origin = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]

local letter = redis.call('HGET', LETTERS, letter_id)
if not letter then
  return {0, 0}
end
local parts = {}
for part in string.gmatch(letter .. '\0', '(%Z*)%z') do
  parts[#parts + 1] = part
end
local session = parts[1]
open_session(base .. session)
turn_to(string.match(session, '^[^:]*'))

begin_session(now_ms())
local first = redis.call('LLEN', INBOX)
for index = 6, #parts do
  redis.call('RPUSH', INBOX, 'a' .. parts[index])
end
add('waiting', #parts - 5)
-- People may have edited or deleted them meanwhile.
settle(first, first + #parts - 5)
if redis.call('HEXISTS', META, 'holder') == 0 then
  purge(first)
end
redis.call('HDEL', LETTERS, letter_id)
redis.call('ZREM', DEAD, letter_id)
local is_woken = 0
if number_of(META, 'waiting') > 0 and redis.call('HEXISTS', META, 'entry') == 0 then
  is_woken = schedule(session, channel, origin)
end
touch(retention)
return {1, is_woken}
