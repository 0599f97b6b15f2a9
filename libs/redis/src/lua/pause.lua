--[[
  pause: pauses a feed, or lets it go on. A request that is in flight is answered and committed.

  KEYS       1 what no key is called  2 feed hash
  Arguments  base  what the feed's keys begin with
             at    when it was paused, ms since 1970; absent: it goes on
  Returns 1, or 0 if there is no such feed
]]
local args = cjson.decode(ARGV[1])
local feed = args.base .. 'feed'
if redis.call('EXISTS', feed) == 0 then
  return 0
end
if args.at then
  redis.call('HSETNX', feed, 'paused', args.at)
else
  redis.call('HDEL', feed, 'paused')
end
return 1
