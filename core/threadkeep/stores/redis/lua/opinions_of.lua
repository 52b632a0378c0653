-- Give what people think of the answers of a session, oldest first.
local found = {}
for _, opinion in ipairs(opinions()) do
  found[#found + 1] = opinion[3]
end
return found
