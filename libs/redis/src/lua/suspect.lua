--[[
  suspect: keep what a refused poll taught about a set. The cursor stays (invariant 5). Tickets that were found to be
  refused leave the set, so that the others go on without them.

  KEYS  1 feed hash
  ARGV  1 key base  2 set id  3 fence the poll began from  4 now, ms  5 search, '' for none
        6 due, ms, of a poll that counts as failed, '' for none  7 PUBLISH or SPUBLISH
        8 first time apart, ms  9 longest, ms  10 reason told to clients if that poll failed, '' for none
        11 failures in a row from which on the feed is degraded  12.. tickets to set apart
  Returns nothing
]]
-- @include _lists
-- @include _health
-- @include _horizon
-- @include _sets
-- @include _apart
local base, id, now, publish = ARGV[1], ARGV[2], tonumber(ARGV[4]), ARGV[7]
local set = base .. 'set:' .. id
if redis.call('HGET', set, 'fence') ~= ARGV[3] then
  return
end
redis.call('HSET', set, 'fence', next_fence(ARGV[3], ARGV[4]), 'hold', '0', 'holder', '', 'search', ARGV[5])
if ARGV[6] ~= '' then
  local failures = redis.call('HINCRBY', set, 'failures', 1)
  set_due(base, id, ARGV[6])
  if ARGV[10] ~= '' and failures >= tonumber(ARGV[11]) then
    set_failing(base, publish, id, ARGV[4], ARGV[10])
  end
end

local found = {}
for i = 12, #ARGV do
  -- One that left meanwhile is nobody's.
  if redis.call('HGET', base .. 'place', ARGV[i]) == id then
    found[ARGV[i]] = true
    redis.call('HDEL', base .. 'place', ARGV[i])
    put_apart(base, publish, ARGV[i], now, tonumber(ARGV[8]), tonumber(ARGV[9]))
  end
end
if next(found) then
  local row = redis.call('HMGET', set, 'members', 'joining')
  local members, joining = only(row[1], found, false), only(row[2], found, false)
  if #members + #joining == 0 then
    end_set(base, publish, id, ARGV[4])
  else
    redis.call('HSET', set, 'members', table.concat(members, '\n'), 'joining', table.concat(joining, '\n'))
    redis.call('ZADD', base .. 'sizes', #members + #joining, id)
  end
end
