--[[
  sweep: take tickets whose leases have run out off their sets, end sets that are empty, bring back what was apart for
  long enough, merge thin sets. What was delivered of a ticket and its history stay for the history's life, so that
  coming back neither loses nor doubles.
  Sets with a poll in flight, or reserved for one, are left for the next call: a ticket that came back meanwhile would be polled twice at once.

  KEYS  1 feed hash
  ARGV  1 key base  2 now, ms  3 history life, ms  4 most tickets in one call  5 PUBLISH or SPUBLISH
        6 largest set, tickets
  Returns {how many tickets left, 1 if anything remains that has to be swept, ids of sets that changed..}
]]
-- @include _lists
-- @include _health
-- @include _horizon
-- @include _sets
-- @include _apart
local base, now, ttl = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local thinned, gone = {}, 0

local function is_busy(id)
  local row = redis.call('HMGET', base .. 'set:' .. id, 'hold', 'holder')
  return row[1] and is_taken(base, row[1], row[2], now)
end

for _, case in ipairs(redis.call('ZRANGEBYSCORE', base .. 'interest', '-inf', now, 'LIMIT', 0, ARGV[4])) do
  local id = redis.call('HGET', base .. 'place', case)
  if id and thinned[id] == nil then
    thinned[id] = not is_busy(id) and {}
  end
  if not id or thinned[id] then
    redis.call('ZREM', base .. 'interest', case)
    redis.call('HDEL', base .. 'place', case)
    redis.call('PEXPIRE', base .. 'ticket:' .. case, ttl)
    redis.call('PEXPIRE', base .. 'delivered:' .. case, ttl)
    gone = gone + 1
    if id then
      redis.call('ZADD', base .. 'apart', 'XX', now, case) -- It left before it could be polled again.
      thinned[id][case] = true
    end
  end
end
local answer = { gone, 1 }
for id, names in pairs(thinned) do
  if names then
    answer[#answer + 1] = id
    local set = base .. 'set:' .. id
    local row = redis.call('HMGET', set, 'members', 'joining', 'fence')
    local members, joining = only(row[1] or '', names, false), only(row[2] or '', names, false)
    local size = #members + #joining
    if size == 0 then
      end_set(base, ARGV[5], id, ARGV[2])
    else
      redis.call('HSET', set, 'members', table.concat(members, '\n'), 'joining', table.concat(joining, '\n'),
        'fence', next_fence(row[3], now))
      redis.call('ZADD', base .. 'sizes', size, id)
    end
  end
end
bring_back(base, now, ttl)
for _, changed in ipairs(pack(base, ARGV[5], tonumber(ARGV[6]), now)) do
  answer[#answer + 1] = changed
end
if redis.call('EXISTS', base .. 'sizes') == 0 then
  redis.call('PEXPIRE', base .. 'feed', 2 * ttl)
  answer[2] = redis.call('EXISTS', base .. 'interest', base .. 'apart') > 0 and 1 or 0
end
return answer
