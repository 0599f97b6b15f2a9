-- Ticket sets of a feed: made and ended.
-- @include _health
-- @include _lists

-- The id of the newest set. The hash of a feed can be lost alone: then it is the greatest one that is there.
local function newest_set(base)
  local newest = tonumber(redis.call('HGET', base .. 'feed', 'sets') or nil)
  if newest then
    return newest
  end
  newest = 0
  for _, id in ipairs(redis.call('ZRANGE', base .. 'due', 0, -1)) do
    newest = math.max(newest, tonumber(id))
  end
  return newest
end

-- The hash and the due time of a set that has no tickets yet.
local function make_set(base, id, now, due)
  redis.call('HSET', base .. 'set:' .. id, 'fence', now, 'hold', 0, 'holder', '', 'members', '', 'joining', '',
    'trail', '', 'digest', '', 'order', 'oldest_first', 'due', due, 'lively', now, 'hinted', 0, 'again', '',
    'failures', 0, 'search', '', 'unknown', '')
  redis.call('ZADD', base .. 'due', due, id)
end

local function new_set(base, now, due)
  local id = string.format('%.0f', newest_set(base) + 1)
  redis.call('HSET', base .. 'feed', 'sets', id)
  make_set(base, id, now, due)
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
