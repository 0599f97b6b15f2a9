--[[
  pack: merges thin sets while that makes their number smaller, so that a feed has as few sets as possible. The call is
  bounded; the next call continues.

  KEYS       1 what no key is called  2 feed hash  3 place  4 sizes  5 due  6 failing, then the sets that may be changed
  Arguments  base  what the feed's keys begin with
             now   ms
  Returns {'undeclared', keys that are missing here..} | {ids of sets that changed..}
]]
-- @include _fence
-- @include _keys
-- @include _lease
-- @include _lists
-- @include _room
-- @include _sets
-- @constant UPSTREAM_MAX_CASE_IDS

-- Bounds of one call: sets that may be dissolved, the thinnest ones; sets that may take tickets in; merges.
local SOURCES, TARGETS, MERGES = 10, 200, 10

-- The cursor history that is right for the tickets of two sets: the one of the earlier poll. A message that the later poll
-- did not show became visible after it, so also after the earlier poll (core/polling/cursor-history.ts).
-- Opaque cursors cannot be compared: nil.
local function common_cursor_history(one, other)
  if one == '' or other == '' then
    return nil
  end
  local a, b = cjson.decode(one), cjson.decode(other)
  if not (string.match(a.head, '^%d+$') and string.match(b.head, '^%d+$')) then
    return nil
  end
  return a.polledAt <= b.polledAt and one or other
end

-- Moves tickets into a set that has room. With a common cursor history they are members at once, else they join.
local function move_in(base, id, cases, cursor_history, is_unknown, now)
  local set = base .. 'set:' .. id
  local row = redis.call('HMGET', set, 'members', 'joining', 'trail', 'fence')
  local common = common_cursor_history(row[3], cursor_history)
  if common then
    redis.call('HSET', set, 'members', append(row[1], cases), 'trail', common)
  else
    redis.call('HSET', set, 'joining', append(row[2], cases))
  end
  redis.call('HSET', set, 'fence', next_fence(row[4], now))
  if not is_unknown then
    redis.call('HSET', set, 'unknown', '')
  end
  redis.call('ZINCRBY', base .. 'sizes', #cases, id)
  for _, case in ipairs(cases) do
    redis.call('HSET', base .. 'place', case, id)
  end
end

-- Whether the tickets of a set may be changed. The result of a poll in flight would not fit the changed set, and while
-- a refused ticket is looked for in it, a ticket that came meanwhile would be suspected. A set that became a candidate
-- in this call is not declared: it is left to the next call.
local function is_changeable(base, id, now)
  if not is_declared(base .. 'set:' .. id) then
    return false
  end
  local row = redis.call('HMGET', base .. 'set:' .. id, 'hold', 'members', 'joining', 'search')
  return row[1] and is_free_to_change(base, row[1], now) and row[2] ~= '' and row[3] == '' and (row[4] or '') == ''
end

-- Sets with room, fullest first: {set id, number of tickets, set id, number of tickets..}.
local function open_sets(base)
  return redis.call('ZREVRANGEBYSCORE', base .. 'sizes', '(' .. UPSTREAM_MAX_CASE_IDS, '-inf', 'WITHSCORES', 'LIMIT', 0,
    TARGETS)
end

local function thin_sets(base)
  return redis.call('ZRANGE', base .. 'sizes', 0, SOURCES - 1)
end

-- Where the tickets of a set would fit: {{set id, how many}..}, fullest sets first; nil if they do not all fit.
local function room_for(base, source, count, now)
  local plan, left = {}, count
  local open = open_sets(base)
  for i = 1, #open, 2 do
    if left > 0 and open[i] ~= source and is_changeable(base, open[i], now) then
      local fits = math.min(UPSTREAM_MAX_CASE_IDS - tonumber(open[i + 1]), left)
      plan[#plan + 1] = { open[i], fits }
      left = left - fits
    end
  end
  return left == 0 and plan or nil
end

-- Dissolves one thin set into others. Adds the ids of the sets that changed; returns whether there was one to dissolve.
local function dissolve_one(base, now, changed)
  for _, source in ipairs(thin_sets(base)) do
    if is_changeable(base, source, now) then
      local row = redis.call('HMGET', base .. 'set:' .. source, 'members', 'trail', 'unknown')
      local members = split(row[1])
      local plan = room_for(base, source, #members, now)
      if plan then
        local first = 1
        for _, target in ipairs(plan) do
          local moved = { unpack(members, first, first + target[2] - 1) }
          move_in(base, target[1], moved, row[2], row[3] == '1', now)
          first = first + target[2]
          changed[#changed + 1] = target[1]
        end
        end_set(base, source, now)
        changed[#changed + 1] = source
        suspend_reservations(base, now)
        return true
      end
    end
  end
  return false
end

local args = cjson.decode(ARGV[1])
local base, now = args.base, args.now

local changed = {}
if not is_one_too_many(base) then
  return changed
end
for _, id in ipairs(thin_sets(base)) do
  need(base .. 'set:' .. id)
end
local open = open_sets(base)
for i = 1, #open, 2 do
  need(base .. 'set:' .. open[i])
end
if is_undeclared() then
  return undeclared
end
for _ = 1, MERGES do
  if not is_one_too_many(base) or not dissolve_one(base, now, changed) then
    break
  end
end
return changed
