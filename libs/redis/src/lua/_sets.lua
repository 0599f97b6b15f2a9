-- Ticket sets of a feed: made, ended, and packed so that they are as few as can be.

-- @include _fence

local function new_set(base, now, due)
  local id = string.format('%.0f', redis.call('HINCRBY', base .. 'feed', 'sets', 1))
  redis.call('HSET', base .. 'set:' .. id, 'fence', now, 'hold', 0, 'holder', '', 'members', '', 'joining', '',
    'trail', '', 'digest', '', 'order', 'oldest_first', 'due', due, 'lively', now, 'hinted', 0, 'again', '', 'failures', 0, 'search', '')
  redis.call('ZADD', base .. 'due', due, id)
  return id
end

local function end_set(base, publish, id, now)
  redis.call('DEL', base .. 'set:' .. id)
  redis.call('ZREM', base .. 'sizes', id)
  redis.call('ZREM', base .. 'due', id)
  set_well(base, publish, id, now)
end

local function set_due(base, id, due)
  redis.call('HSET', base .. 'set:' .. id, 'due', due)
  redis.call('ZADD', base .. 'due', due, id)
end

-- The trail that serves the tickets of both: that of the earlier poll. What the later poll's tickets may still show
-- became visible after it, hence after the earlier one too (core/polling/cursor-history.ts). Opaque cursors are never mixed: nil.
local function common_trail(one, other)
  if one == '' or other == '' then
    return nil
  end
  local a, b = cjson.decode(one), cjson.decode(other)
  if not (string.match(a.head, '^%d+$') and string.match(b.head, '^%d+$')) then
    return nil
  end
  return a.polledAt <= b.polledAt and one or other
end

-- Moves tickets into a set that has room. With a common cursor they are members at once; else they wait to be primed.
local function move_in(base, id, cases, trail, now)
  local set = base .. 'set:' .. id
  local row = redis.call('HMGET', set, 'members', 'joining', 'trail', 'fence')
  local common = common_trail(row[3], trail)
  local list = table.concat(cases, '\n')
  if common then
    redis.call('HSET', set, 'members', row[1] .. '\n' .. list, 'trail', common)
  else
    redis.call('HSET', set, 'joining', row[2] == '' and list or row[2] .. '\n' .. list)
  end
  redis.call('HSET', set, 'fence', next_fence(row[4], now))
  redis.call('ZINCRBY', base .. 'sizes', #cases, id)
  for _, case in ipairs(cases) do
    redis.call('HSET', base .. 'place', case, id)
  end
end

-- A worker polls a set that it reserved without asking here first, so nobody else may change such a set: word of it could
-- come too late. Whoever would change one unsettles the feed for a while: commits reserve nothing then, sets are free
-- between two polls, and each commit looks for what can be merged.
-- @constant UNSETTLED_MS
local function unsettle(base, now)
  redis.call('HSET', base .. 'feed', 'unsettled', string.format('%.0f', now + UNSETTLED_MS))
end

local function is_unsettled(base, now)
  return tonumber(redis.call('HGET', base .. 'feed', 'unsettled') or 0) > now
end

-- Whether a poll of the set may be in flight, or begin unasked.
local function is_taken(base, hold, holder, now)
  if tonumber(hold) > now and holder ~= '' then
    unsettle(base, now)
  end
  return tonumber(hold) > now
end

-- A set that may be changed: primed, no poll of it in flight (its result would not fit the changed set), and no
-- refused ticket searched for in it (who came meanwhile would be suspected).
local function is_still(base, id, now)
  local row = redis.call('HMGET', base .. 'set:' .. id, 'hold', 'holder', 'members', 'joining', 'search')
  return row[1] and not is_taken(base, row[1], row[2], now) and row[3] ~= '' and row[4] == '' and (row[5] or '') == ''
end

-- Where the tickets of a set would fit: {{set id, how many}..}, fullest sets first; nil where they do not all fit.
local function room_for(base, source, count, max, now)
  local plan, left = {}, count
  local open = redis.call('ZREVRANGEBYSCORE', base .. 'sizes', '(' .. max, '-inf', 'WITHSCORES', 'LIMIT', 0, 200)
  for i = 1, #open, 2 do
    if left > 0 and open[i] ~= source and is_still(base, open[i], now) then
      local take = math.min(max - tonumber(open[i + 1]), left)
      plan[#plan + 1] = { open[i], take }
      left = left - take
    end
  end
  return left == 0 and plan or nil
end

local function dissolve_one(base, publish, max, now, changed)
  for _, source in ipairs(redis.call('ZRANGE', base .. 'sizes', 0, 9)) do
    if is_still(base, source, now) then
      local row = redis.call('HMGET', base .. 'set:' .. source, 'members', 'trail')
      local members = split(row[1])
      local plan = room_for(base, source, #members, max, now)
      if plan then
        local first = 1
        for _, target in ipairs(plan) do
          move_in(base, target[1], { unpack(members, first, first + target[2] - 1) }, row[2], now)
          first = first + target[2]
          changed[#changed + 1] = target[1]
        end
        end_set(base, publish, source, now)
        changed[#changed + 1] = source
        unsettle(base, now)
        return true
      end
    end
  end
  return false
end

-- Merges thin sets while one can be saved; returns the ids of those that changed. Bounded: what is left is done in the
-- next call.
local function pack(base, publish, max, now)
  local changed = {}
  for _ = 1, 10 do
    local sets, tickets = redis.call('ZCARD', base .. 'sizes'), redis.call('HLEN', base .. 'place')
    if sets < 2 or (sets - 1) * max < tickets or not dissolve_one(base, publish, max, now, changed) then
      break
    end
  end
  return changed
end
