--[[
  claim-visits: gives a worker the feeds that are to be visited. Their visits are put off: if the worker dies, another one
  gets them then.

  KEYS       1 visits; a time with a half is that of a thorough visit
  Arguments  now       ms
             putOffTo  ms since 1970
             most      feeds in one call
  Returns {{feeds.., those that have waited longest first}, {those of them whose visits are thorough..}}
]]
local args = cjson.decode(ARGV[1])
local found = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', args.now, 'WITHSCORES', 'LIMIT', 0, args.most)
local feeds, thorough = {}, {}
for i = 1, #found, 2 do
  local feed, half = found[i], tonumber(found[i + 1]) % 1
  redis.call('ZADD', KEYS[1], args.putOffTo + half, feed)
  feeds[#feeds + 1] = feed
  if half > 0 then
    thorough[#thorough + 1] = feed
  end
end
return { feeds, thorough }
