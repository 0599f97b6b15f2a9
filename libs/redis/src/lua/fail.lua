--[[
  fail: counts a failed poll and ends the lease. The cursor stays (invariant 5). A stale fence changes nothing.

  KEYS       1 what no key is called  2 set  3 feed hash  4 due  5 failing
  Arguments  base, id  what the feed's keys begin with, set id
             fence     the poll began with it
             now       ms
             due       when the set is polled again, ms since 1970
             reason    what clients are told
  Returns nothing
]]
-- @include _failures
-- @include _fence
-- @include _lease
local args = cjson.decode(ARGV[1])
local base, id, now = args.base, args.id, args.now
local set = base .. 'set:' .. id
local fence = redis.call('HGET', set, 'fence')
if not fence or tonumber(fence) ~= args.fence then
  return
end
end_lease(set)
redis.call('HSET', set, 'fence', next_fence(fence, now))
count_failure(base, id, now, args.due, args.reason)
