--[[
  hint: somebody knows that something happened to these tickets. Their sets are polled now, each at most once per pause.

  KEYS       1 feed hash
  Arguments  base     what the feed's keys begin with
             now      ms
             tickets  case ids
  Returns {set id, due, set id, due..}
]]
-- @include _sets
-- @constant HINT_PAUSE_MS, REST_MIN_MS
local args = cjson.decode(ARGV[1])
local base, now = args.base, args.now

-- The holder of a reserved set hears of the hint, unless the set is due in this moment.
local function is_in_flight(hold, holder, due)
  return tonumber(hold) > now and (holder == '' or tonumber(due) <= now + REST_MIN_MS)
end

local woken, seen = {}, {}
for _, case in ipairs(args.tickets) do
  local id = redis.call('HGET', base .. 'place', case)
  if id and not seen[id] then
    seen[id] = true
    local set = base .. 'set:' .. id
    local row = redis.call('HMGET', set, 'hinted', 'due', 'hold', 'holder')
    local due = math.max(now, tonumber(row[1]) + HINT_PAUSE_MS)
    redis.call('HSET', set, 'lively', now)
    if is_in_flight(row[3], row[4], row[2]) then
      -- The poll in flight may have been answered before it happened: its commit takes this due time.
      redis.call('HSET', set, 'again', due)
    elseif due < tonumber(row[2]) then
      redis.call('HSET', set, 'hinted', due)
      set_due(base, id, due)
      woken[#woken + 1] = id
      woken[#woken + 1] = due
    end
  end
end
return woken
