-- Ticket sets of a feed: made, ended, and packed so that they are as few as can be.
-- @include _fence
-- @include _health
-- @include _lease
-- @include _lists
-- @constant UPSTREAM_MAX_CASE_IDS

-- Bounds of one call: sets that may be dissolved, the thinnest ones; sets that may take tickets in; merges.
local SOURCES, TARGETS, MERGES = 10, 200, 10

local function new_set(base, now, due)
  local id = string.format('%.0f', redis.call('HINCRBY', base .. 'feed', 'sets', 1))
  redis.call('HSET', base .. 'set:' .. id, 'fence', now, 'hold', 0, 'holder', '', 'members', '', 'joining', '',
    'trail', '', 'digest', '', 'order', 'oldest_first', 'due', due, 'lively', now, 'hinted', 0, 'again', '',
    'failures', 0, 'search', '')
  redis.call('ZADD', base .. 'due', due, id)
  return id
end

local function end_set(base, id, now)
  redis.call('DEL', base .. 'set:' .. id)
  redis.call('ZREM', base .. 'sizes', id)
  redis.call('ZREM', base .. 'due', id)
  set_well(base, id, now)
end

local function set_due(base, id, due)
  redis.call('HSET', base .. 'set:' .. id, 'due', due)
  redis.call('ZADD', base .. 'due', due, id)
end

-- Writes the lists of a set that tickets left. Returns how many tickets remain; a set without tickets ends.
local function remove_tickets(base, id, names, now)
  local set = base .. 'set:' .. id
  local row = redis.call('HMGET', set, 'members', 'joining')
  local members, joining = without(row[1] or '', names), without(row[2] or '', names)
  local size = #members + #joining
  if size == 0 then
    end_set(base, id, now)
  else
    redis.call('HSET', set, 'members', table.concat(members, '\n'), 'joining', table.concat(joining, '\n'))
    redis.call('ZADD', base .. 'sizes', size, id)
  end
  return size
end

-- The cursor history that is right for the tickets of two sets: that of the earlier poll. A message that the later poll
-- did not show became visible after it, hence after the earlier poll too (core/polling/cursor-history.ts).
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
local function move_in(base, id, cases, cursor_history, now)
  local set = base .. 'set:' .. id
  local row = redis.call('HMGET', set, 'members', 'joining', 'trail', 'fence')
  local common = common_cursor_history(row[3], cursor_history)
  if common then
    redis.call('HSET', set, 'members', append(row[1], cases), 'trail', common)
  else
    redis.call('HSET', set, 'joining', append(row[2], cases))
  end
  redis.call('HSET', set, 'fence', next_fence(row[4], now))
  redis.call('ZINCRBY', base .. 'sizes', #cases, id)
  for _, case in ipairs(cases) do
    redis.call('HSET', base .. 'place', case, id)
  end
end

-- Whether the tickets of a set may be changed. The result of a poll in flight would not fit the changed set, and while
-- a refused ticket is looked for in it, a ticket that came meanwhile would be suspected.
local function is_changeable(base, id, now)
  local row = redis.call('HMGET', base .. 'set:' .. id, 'hold', 'members', 'joining', 'search')
  return row[1] and is_free_to_change(base, row[1], now) and row[2] ~= '' and row[3] == '' and (row[4] or '') == ''
end

-- Where the tickets of a set would fit: {{set id, how many}..}, fullest sets first; nil where they do not all fit.
local function room_for(base, source, count, now)
  local plan, left = {}, count
  local open = redis.call('ZREVRANGEBYSCORE', base .. 'sizes', '(' .. UPSTREAM_MAX_CASE_IDS, '-inf', 'WITHSCORES',
    'LIMIT', 0, TARGETS)
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
  for _, source in ipairs(redis.call('ZRANGE', base .. 'sizes', 0, SOURCES - 1)) do
    if is_changeable(base, source, now) then
      local row = redis.call('HMGET', base .. 'set:' .. source, 'members', 'trail')
      local members = split(row[1])
      local plan = room_for(base, source, #members, now)
      if plan then
        local first = 1
        for _, target in ipairs(plan) do
          move_in(base, target[1], { unpack(members, first, first + target[2] - 1) }, row[2], now)
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

-- Merges thin sets while one can be saved; returns the ids of those that changed. What a bounded call leaves is done in
-- the next one.
local function pack(base, now)
  local changed = {}
  for _ = 1, MERGES do
    local sets, tickets = redis.call('ZCARD', base .. 'sizes'), redis.call('HLEN', base .. 'place')
    if sets < 2 or (sets - 1) * UPSTREAM_MAX_CASE_IDS < tickets or not dissolve_one(base, now, changed) then
      break
    end
  end
  return changed
end
