--[[
  hint: somebody knows that something happened to these tickets: their sets are polled now, each at most once per pause.

  KEYS  1 feed hash
  ARGV  1 key base  2 now, ms  3 pause between two hinted polls of a set, ms  4.. tickets
  Returns {set id, due, set id, due..}
]]
-- @include _lists
-- @include _health
-- @include _sets
local base, now = ARGV[1], tonumber(ARGV[2])

-- A reserved set rests, and its holder hears of the hint, unless it is due in this moment.
-- @constant REST_MIN_MS
local function in_flight(hold, holder, due)
  return tonumber(hold) > now and (holder == '' or tonumber(due) <= now + REST_MIN_MS)
end

local woken, seen = {}, {}
for i = 4, #ARGV do
  local id = redis.call('HGET', base .. 'place', ARGV[i])
  if id and not seen[id] then
    seen[id] = true
    local set = base .. 'set:' .. id
    local row = redis.call('HMGET', set, 'hinted', 'due', 'hold', 'holder')
    local due = math.max(now, tonumber(row[1]) + tonumber(ARGV[3]))
    local text = string.format('%.0f', due)
    redis.call('HSET', set, 'lively', ARGV[2])
    if in_flight(row[3], row[4], row[2]) then
      -- The poll in flight may have been answered before it happened: its commit takes this due time.
      redis.call('HSET', set, 'again', text)
    elseif due < tonumber(row[2]) then
      redis.call('HSET', set, 'hinted', text)
      set_due(base, id, text)
      woken[#woken + 1] = id
      woken[#woken + 1] = text
    end
  end
end
return woken
