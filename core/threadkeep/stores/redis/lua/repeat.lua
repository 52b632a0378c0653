-- Tell once more what the holders of sessions must know. KEYS[1] fence, which names the partition.
-- ARGV: the base of session keys, then session and fence of each lease.
-- Returns the session of each that is held and has something, 1 if it was asked to stop, and how many messages wait
-- beyond those that its run answers.
local base = ARGV[1]
local found = {}
for index = 2, #ARGV, 2 do
  open_session(base .. ARGV[index])
  if is_held(ARGV[index + 1]) then
    local is_stopped, waiting = redis.call('HEXISTS', RUN, 's:stop'), waiting_beyond()
    if is_stopped == 1 or waiting > 0 then
      found[#found + 1] = {ARGV[index], is_stopped, waiting}
    end
  end
end
return found
