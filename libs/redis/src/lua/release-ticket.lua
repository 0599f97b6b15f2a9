--[[
  release-ticket: ends the wait of a quarantined ticket: it gets a set of its own, which is due now. If the upstream refuses it
  again, its quarantine begins anew with the shortest wait.

  KEYS       1 what no key is called  2 feed hash  3 interest  4 place  5 apart  6 due  7 sizes  8 failing  9 ages, then
             ticket, history and delivered of the ticket, a set that may be made
  Arguments  base  what the feed's keys begin with
             case  case id
             now   ms
  Returns {'undeclared', keys that are missing here..} | {'released', set id} |
          {'polled'} if it is polled at present | {'none'} if it is not in quarantine, or nobody wants it
]]
-- @include _keys
-- @include _quarantine
local args = cjson.decode(ARGV[1])
local base, case = args.base, args.case

local ends = is_quarantined(base, case)
if not ends then
  return { 'none' }
end
if ends == 'inf' then
  return { 'polled' }
end
need_ticket(base, case)
need_new_sets(base, 1)
if is_undeclared() then
  return undeclared
end
redis.call('HDEL', base .. 'ticket:' .. case, 'refusals')
retry_quarantined(base, { case }, args.now)
local id = redis.call('HGET', base .. 'place', case)
if not id then
  return { 'none' }
end
return { 'released', id }
