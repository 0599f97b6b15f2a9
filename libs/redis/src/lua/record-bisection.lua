--[[
  record-bisection: keeps what a refused poll taught about a set, and ends the lease. The cursor stays (invariant 5).
  Tickets that were found to be refused leave the set, so that the others are polled without them. A stale fence changes
  nothing.

  KEYS       1 what no key is called  2 set  3 feed hash  4 due  5 failing  6 place  7 apart  8 sizes, then ticket of
             each ticket that is quarantined
  Arguments  base, id     what the feed's keys begin with, set id
             fence        the poll began with it
             now          ms
             bisection    the bisection as text, '' where it is over
             due          when the set is polled again, ms since 1970, if the poll counts as failed; else absent
             reason       what clients are told if the poll counts as failed and they are told; else absent
             quarantined  tickets that are quarantined
  Returns nothing
]]
-- @include _failures
-- @include _fence
-- @include _lease
-- @include _quarantine
-- @include _sets
local args = cjson.decode(ARGV[1])
local base, id, now = args.base, args.id, args.now
local set = base .. 'set:' .. id
local fence = redis.call('HGET', set, 'fence')
if not fence or tonumber(fence) ~= args.fence then
  return
end
end_lease(set)
redis.call('HSET', set, 'fence', next_fence(fence, now), 'search', args.bisection)
if args.due then
  count_failure(base, id, now, args.due, args.reason)
end

local found = {}
for _, case in ipairs(args.quarantined) do
  -- A ticket that left the set meanwhile is not quarantined.
  if redis.call('HGET', base .. 'place', case) == tostring(id) then
    found[case] = true
    redis.call('HDEL', base .. 'place', case)
    quarantine(base, case, now)
  end
end
if next(found) then
  remove_tickets(base, id, found, now)
end
