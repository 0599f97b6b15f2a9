--[[
  fail: count a failed poll. The cursor stays (invariant 5).

  KEYS  1 feed hash
  ARGV  1 key base  2 set id  3 fence the poll began from  4 now, ms  5 due, ms  6 reason told to clients
        7 failures in a row from which on the feed is degraded  8 PUBLISH or SPUBLISH
  Returns nothing
]]
-- @include _lists
-- @include _health
-- @include _sets
local base, id = ARGV[1], ARGV[2]
local set = base .. 'set:' .. id
if redis.call('HGET', set, 'fence') ~= ARGV[3] then
  return
end
local failures = redis.call('HINCRBY', set, 'failures', 1)
redis.call('HSET', set, 'fence', next_fence(ARGV[3], ARGV[4]), 'hold', '0', 'holder', '', 'due', ARGV[5])
redis.call('ZADD', base .. 'due', ARGV[5], id)
if failures >= tonumber(ARGV[7]) then
  set_failing(base, ARGV[8], id, ARGV[4], ARGV[6])
end
