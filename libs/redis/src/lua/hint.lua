--[[
  hint: a backend says that something happened to these tickets. Their sets are polled now, each at most once per pause.

  KEYS       1 what no key is called  2 place  3 due, then the sets of the tickets
  Arguments  base     what the feed's keys begin with
             now      ms
             tickets  case ids
  Returns {'undeclared', keys that are missing here..} | {'lost'} if the hash of a set is lost |
          {set id, due, set id, due..}
]]
-- @include _keys
-- @include _lease
-- @include _losses
-- @include _sets
-- @constant ABOUT_TO_POLL_MS, HINT_PAUSE_MS
local args = cjson.decode(ARGV[1])
local base, now = args.base, args.now

-- A poll is in flight from the due time of its set on. The owner of a leased set that is due later is woken by the hint.
local function is_polled(hold, due)
  return is_leased(hold, now) and due <= now + ABOUT_TO_POLL_MS
end

local places, seen = {}, {}
for _, case in ipairs(args.tickets) do
  local id = redis.call('HGET', base .. 'place', case)
  if id and not seen[id] then
    seen[id] = true
    places[#places + 1] = id
    need(base .. 'set:' .. id)
  end
end
if is_undeclared() then
  return undeclared
end
if are_lost(base, places) then
  return { 'lost' }
end

local woken = {}
for _, id in ipairs(places) do
  local set = base .. 'set:' .. id
  local row = redis.call('HMGET', set, 'hinted', 'due', 'hold', 'again')
  local due = math.max(now, tonumber(row[1]) + HINT_PAUSE_MS)
  redis.call('HSET', set, 'lively', now)
  if is_polled(row[3], tonumber(row[2])) then
    -- The poll in flight may have been answered before it happened: its commit takes this due time. One that another
    -- hint has left there will do as well.
    if row[4] == '' then
      redis.call('HSET', set, 'again', due, 'hinted', due)
    end
  elseif due < tonumber(row[2]) then
    redis.call('HSET', set, 'hinted', due)
    set_due(base, id, due)
    woken[#woken + 1] = id
    woken[#woken + 1] = due
  end
end
return woken
