-- Tell what waits in a session and how far the run in progress has come; nothing is changed.
-- Returns {} if there is no such session, else the identities that the run takes, those beyond, run id, attempt, the
-- fields of the run, who holds the session, and when it may be taken in milliseconds, or -1.
local session, lease, most = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
if redis.call('EXISTS', META) == 0 then
  return {}
end
local holder = redis.call('HGET', META, 'holder')

local function due_at()
  local entry = redis.call('HGET', META, 'entry')
  if entry == 'later' or entry == 'asleep' then
    return tonumber(redis.call('ZSCORE', LATER, session) or -1)
  end
  if entry and holder then
    local pending = redis.pcall('XPENDING', READY, GROUP, entry, entry, 1)
    if not pending.err and #pending > 0 then
      return now_ms() - pending[1][3] + lease
    end
  end
  return -1
end

local taken = holder and number_of(META, 'taken') or taken_for_good()
local taken_names, waiting_names = {}, {}
each_item(0, taken + most - 1, function(index, mark, item)
  local names = index < taken and taken_names or waiting_names
  if mark ~= 'd' then
    names[#names + 1] = identity_of(item)
  end
end)
return {
  taken_names, waiting_names, redis.call('HGET', RUN, 'run_id') or '', number_of(RUN, 'attempt'),
  redis.call('HKEYS', RUN), holder or '', due_at(),
}
