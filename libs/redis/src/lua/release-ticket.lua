--[[
  release-ticket: ends the wait of a quarantined ticket. The next sweep gives it a set, and it is polled. If the upstream
  refuses it again, its quarantine begins anew with the shortest wait.

  KEYS       1 what no key is called  2 apart  3 ticket
  Arguments  base  what the feed's keys begin with
             case  case id
             now   ms
  Returns 'released' | 'polled' if it is polled at present | 'none' if it is not in quarantine
]]
local args = cjson.decode(ARGV[1])
local apart = args.base .. 'apart'
local ends = redis.call('ZSCORE', apart, args.case)
if not ends then
  return 'none'
end
if ends == 'inf' then
  return 'polled'
end
redis.call('ZADD', apart, args.now, args.case)
redis.call('HDEL', args.base .. 'ticket:' .. args.case, 'refusals')
return 'released'
