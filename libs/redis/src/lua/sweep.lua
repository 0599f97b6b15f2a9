--[[
  sweep: take tickets whose leases have run out off their sets; end sets that are empty. What was delivered of a ticket
  and its history stay for the history's life, so that coming back neither loses nor doubles.

  KEYS  1 feed hash
  ARGV  1 key base  2 now, ms  3 history life, ms  4 most tickets in one call  5 PUBLISH or SPUBLISH
  Returns how many tickets left
]]
-- @include _lists
-- @include _health
local base, now, ttl = ARGV[1], ARGV[2], tonumber(ARGV[3])
local left = redis.call('ZRANGEBYSCORE', base .. 'interest', '-inf', now, 'LIMIT', 0, ARGV[4])
local thinned = {}
for _, case in ipairs(left) do
  local id = redis.call('HGET', base .. 'place', case)
  redis.call('ZREM', base .. 'interest', case)
  redis.call('HDEL', base .. 'place', case)
  redis.call('PEXPIRE', base .. 'ticket:' .. case, ttl)
  redis.call('PEXPIRE', base .. 'delivered:' .. case, ttl)
  if id then
    thinned[id] = thinned[id] or {}
    thinned[id][case] = true
  end
end
for id, gone in pairs(thinned) do
  local set = base .. 'set:' .. id
  local row = redis.call('HMGET', set, 'members', 'joining')
  local members, joining = only(row[1] or '', gone, false), only(row[2] or '', gone, false)
  local size = #members + #joining
  if size == 0 then
    redis.call('DEL', set)
    redis.call('ZREM', base .. 'sizes', id)
    redis.call('ZREM', base .. 'due', id)
    set_well(base, ARGV[5], id, now)
  else
    redis.call('HSET', set, 'members', table.concat(members, '\n'), 'joining', table.concat(joining, '\n'))
    redis.call('HINCRBY', set, 'revision', 1)
    redis.call('ZADD', base .. 'sizes', size, id)
  end
end
if redis.call('EXISTS', base .. 'sizes') == 0 then
  redis.call('PEXPIRE', base .. 'feed', 2 * ttl)
end
return #left
