-- What people think of answers stands beside what became of messages, so that it lives and goes with them: under '!',
-- the person and the message, a number that grows, a line feed, the time, a line feed and the opinion.

-- Give the names and values of all opinions, oldest first.
local function opinions()
  local found = {}
  local fields = redis.call('HGETALL', AMENDED)
  for index = 1, #fields, 2 do
    if string.sub(fields[index], 1, 1) == '!' then
      found[#found + 1] = {tonumber(string.match(fields[index + 1], '^%d+')), fields[index], fields[index + 1]}
    end
  end
  table.sort(found, function(one, other)
    return one[1] < other[1]
  end)
  return found
end
