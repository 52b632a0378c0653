-- Each platform has a ready stream and a set of delayed sessions of its own: a worker takes those for which it has an
-- adapter. KEYS[1] and KEYS[2] are their names without the platform.

-- Turn to those of a platform.
local function turn_to(platform)
  READY, LATER = KEYS[1] .. ':' .. platform, KEYS[2] .. ':' .. platform
end

-- Give the platforms that are named from an argument on, else all of which there are sessions.
local function platforms_of(first, known)
  local named = {}
  for index = first, #ARGV do
    named[#named + 1] = ARGV[index]
  end
  return #named > 0 and named or redis.call('SMEMBERS', known)
end

-- Of two times from now give the shorter; -1 is none.
local function sooner(one, other)
  if one < 0 or other < 0 then
    return math.max(one, other)
  end
  return math.min(one, other)
end
