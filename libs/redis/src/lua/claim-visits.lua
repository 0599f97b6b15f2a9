--[[
  claim-visits: gives a worker the feeds that are to be visited. Their visits are put off: if the worker dies, another one
  gets them then.

  KEYS       1 visits
  Arguments  now       ms
             putOffTo  ms since 1970
             most      feeds in one call
  Returns {feeds..}, those that have waited longest first
]]
local args = cjson.decode(ARGV[1])
local feeds = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', args.now, 'LIMIT', 0, args.most)
for _, feed in ipairs(feeds) do
  redis.call('ZADD', KEYS[1], args.putOffTo, feed)
end
return feeds
