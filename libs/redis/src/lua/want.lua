--[[
  want: lease tickets, never shortening a lease, and give each a place in a ticket set: the fullest open one, else a
  new one. New tickets wait in `joining` until they were polled from the beginning once (invariant 4).

  KEYS  1 feed hash
  ARGV  1 key base  2 now, ms  3 lease until, ms  4 largest set, tickets  5 epoch for a feed that has none
        6 history life, ms  7.. tickets
  Returns the ids of the sets that got tickets
]]
-- @include _horizon
local base, now, ttl = ARGV[1], ARGV[2], tonumber(ARGV[6])
local feed = base .. 'feed'
if redis.call('HSETNX', feed, 'epoch', ARGV[5]) == 1 then
  redis.call('HSET', feed, 'offset', 0)
end
redis.call('PERSIST', feed)

local opened = {}
local function open_set()
  local id = redis.call('ZREVRANGEBYSCORE', base .. 'sizes', '(' .. ARGV[4], '-inf', 'LIMIT', 0, 1)[1]
  if not id then
    id = string.format('%.0f', redis.call('HINCRBY', feed, 'sets', 1))
    redis.call('HSET', base .. 'set:' .. id, 'fence', 1, 'hold', 0, 'revision', 1, 'members', '', 'joining', '',
      'trail', '', 'digest', '', 'order', 'oldest_first', 'due', now, 'failures', 0)
    redis.call('ZADD', base .. 'due', now, id)
  end
  redis.call('ZINCRBY', base .. 'sizes', 1, id)
  return id
end

for i = 7, #ARGV do
  local case = ARGV[i]
  redis.call('ZADD', base .. 'interest', 'GT', ARGV[3], case)
  if redis.call('HEXISTS', base .. 'place', case) == 0 then
    local id = open_set()
    redis.call('HSET', base .. 'place', case, id)
    opened[id] = opened[id] or {}
    table.insert(opened[id], case)
    local ticket = base .. 'ticket:' .. case
    if redis.call('PERSIST', ticket) == 0 and redis.call('EXISTS', ticket) == 0 then
      redis.call('HSET', ticket, 'last', '0', 'trimmed', horizon(base, tonumber(now), ttl))
    end
    redis.call('PERSIST', base .. 'delivered:' .. case)
  end
end

local woken = {}
for id, cases in pairs(opened) do
  local set = base .. 'set:' .. id
  local joining = redis.call('HGET', set, 'joining')
  local list = table.concat(cases, '\n')
  redis.call('HSET', set, 'joining', joining == '' and list or joining .. '\n' .. list, 'lively', now)
  woken[#woken + 1] = id
end
return woken
