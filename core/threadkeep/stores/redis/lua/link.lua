-- Make two accounts one person's. KEYS[1] all accounts that are linked, each with those of its person, a line each.
-- Returns 0 if they would be too many.
local first, second, most = ARGV[1], ARGV[2], tonumber(ARGV[3])
local members, seen = {}, {}
for _, account in ipairs({first, second}) do
  for member in string.gmatch(redis.call('HGET', KEYS[1], account) or account, '[^\n]+') do
    if not seen[member] then
      seen[member] = true
      members[#members + 1] = member
    end
  end
end
if #members > most then
  return 0
end
local all = table.concat(members, '\n')
for _, member in ipairs(members) do
  redis.call('HSET', KEYS[1], member, all)
end
return 1
