--[[
  audit: restores lost keys of a feed. Keys can be lost one by one: deleted by hand, or evicted. The lists of tickets in the
  sets count; if the hash of a set is lost, `place` counts. The script reads everything, which blocks Redis for some ten
  milliseconds with ten thousand tickets, so it is called only if counts do not agree (feed-audit.ts). They are counted by
  several commands, between which a set may end. So the script decides: it changes and notes nothing if nothing is lost.

  KEYS       1 what no key is called  2 feed hash  3 interest  4 place  5 apart  6 due  7 sizes  8 failing  9 ages, then all
             sets, of each ticket that is in no set ticket, history and delivered, sets that may be made
  Arguments  base  what the feed's keys begin with
             now   ms
  Returns {'undeclared', keys that are missing here..} | {ids of sets that were made again..}
]]
-- @include _fence
-- @include _keys
-- @include _lists
-- @include _losses
-- @include _quarantine
-- @include _sets
-- @include _tickets
-- @constant UPSTREAM_MAX_CASE_IDS

-- How long interest lasts that was lost (ms), if no gateway has said how long its leases are.
local UNKNOWN_LEASE_MS = 600000

local args = cjson.decode(ARGV[1])
local base, now = args.base, args.now

-- Ids of all sets that anything names, as names of a table.
local ids = names_of(redis.call('HVALS', base .. 'place'))
for _, key in ipairs({ 'sizes', 'due' }) do
  for _, id in ipairs(redis.call('ZRANGE', base .. key, 0, -1)) do
    ids[id] = true
  end
end
for id in pairs(ids) do
  need(base .. 'set:' .. id)
end
if is_undeclared() then
  return undeclared
end

-- By ticket: its set. By set: its row, and the tickets in it that another set has, too; the tickets of one that is lost.
local homes, rows, twice, lost = {}, {}, {}, {}
for id in pairs(ids) do
  local row = redis.call('HMGET', base .. 'set:' .. id, 'fence', 'members', 'joining', 'due')
  if row[1] then
    rows[id], twice[id] = row, {}
    for _, case in ipairs(split(row[2] .. '\n' .. row[3])) do
      if homes[case] then
        twice[id][case] = true
      else
        homes[case] = id
      end
    end
  else
    lost[id] = {}
  end
end
local places = redis.call('HGETALL', base .. 'place')
for i = 1, #places, 2 do
  local cases = lost[places[i + 1]]
  if cases and not homes[places[i]] then
    cases[#cases + 1] = places[i]
    homes[places[i]] = places[i + 1]
  end
end
local homeless = {}
for _, case in ipairs(redis.call('ZRANGE', base .. 'interest', 0, -1)) do
  if not homes[case] and not is_quarantined(base, case) then
    homeless[#homeless + 1] = case
    need_ticket(base, case)
  end
end
need_new_sets(base, math.ceil(#homeless / UPSTREAM_MAX_CASE_IDS))
if is_undeclared() then
  return undeclared
end

-- Whether a set is as the keys beside it say, and no ticket of it is in another one.
local function is_whole(id, row)
  local size = #split(row[2] .. '\n' .. row[3])
  return not next(twice[id]) and tonumber(redis.call('ZSCORE', base .. 'sizes', id) or -1) == size
    and redis.call('ZSCORE', base .. 'due', id)
end

local function is_anything_lost()
  if next(lost) or #homeless > 0 then
    return true
  end
  for id, row in pairs(rows) do
    if not is_whole(id, row) then
      return true
    end
  end
  local places_missing = -#places / 2
  for case, id in pairs(homes) do
    places_missing = places_missing + 1
    if redis.call('HGET', base .. 'place', case) ~= id or not redis.call('ZSCORE', base .. 'interest', case) then
      return true
    end
  end
  return places_missing ~= 0
end
if not is_anything_lost() then
  return {}
end

-- Puts tickets into a set that has none: its next poll reads them from the beginning, and what is delivered is known.
local made = {}
local function fill(id, cases)
  redis.call('HSET', base .. 'set:' .. id, 'joining', table.concat(cases, '\n'),
    'failures', redis.call('SISMEMBER', base .. 'failing', id))
  redis.call('ZADD', base .. 'sizes', #cases, id)
  made[#made + 1] = id
end

note_loss(base)
for id, row in pairs(rows) do
  if remove_tickets(base, id, twice[id], now) > 0 then
    redis.call('ZADD', base .. 'due', row[4], id)
    if next(twice[id]) then
      redis.call('HSET', base .. 'set:' .. id, 'fence', next_fence(row[1], now))
    end
  end
end
for id, cases in pairs(lost) do
  if #cases == 0 then
    end_set(base, id, now)
  else
    make_set(base, id, now, now)
    fill(id, cases)
  end
end
for first = 1, #homeless, UPSTREAM_MAX_CASE_IDS do
  local cases = { unpack(homeless, first, math.min(first + UPSTREAM_MAX_CASE_IDS - 1, #homeless)) }
  local id = new_set(base, now, now)
  fill(id, cases)
  for _, case in ipairs(cases) do
    homes[case] = id
    keep_ticket(base, case, now)
  end
end

-- Each ticket of a set has a place, and an interest.
local wanted_until = now + tonumber(redis.call('HGET', base .. 'feed', 'lease') or UNKNOWN_LEASE_MS)
redis.call('DEL', base .. 'place')
for case, id in pairs(homes) do
  redis.call('HSET', base .. 'place', case, id)
  redis.call('ZADD', base .. 'interest', 'NX', wanted_until, case)
end
return made
