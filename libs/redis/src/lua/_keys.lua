-- A script touches declared keys only: those that its caller gave it (libs/redis/src/script-keys.ts). Some scripts find
-- out from what they read which further keys they need. Such a script names them first. If one is not declared, it
-- changes nothing and returns `undeclared`. Its caller calls it again, with these keys too.
-- @include _sets
local declared, undeclared = {}, { 'undeclared' }
for _, key in ipairs(KEYS) do
  declared[key] = true
end

local function is_declared(key)
  return declared[key] == true
end

local function need(key)
  if declared[key] == nil then
    declared[key] = false
    undeclared[#undeclared + 1] = key
  end
end

local function is_undeclared()
  return #undeclared > 1
end

-- What is kept of a ticket that gets a place (_tickets.lua).
local function need_ticket(base, case)
  need(base .. 'ticket:' .. case)
  need(base .. 'history:' .. case)
  need(base .. 'delivered:' .. case)
end

-- The sets that new_set makes next (_sets.lua).
local function need_new_sets(base, count)
  local newest = newest_set(base)
  for id = newest + 1, newest + count do
    need(string.format('%sset:%.0f', base, id))
  end
end
