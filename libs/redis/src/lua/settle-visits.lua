--[[
  settle-visits: says when claimed feeds are visited next. A feed whose time has changed since the claim keeps the new time:
  somebody wants it.

  KEYS       1 visits
  Arguments  putOffTo  that of the claim, ms since 1970
             next      {{feed, ms since 1970}..}, without a time for a feed of which nothing is left
  Returns nothing
]]
local args = cjson.decode(ARGV[1])
for _, visit in ipairs(args.next) do
  local feed, at = visit[1], visit[2]
  if math.floor(tonumber(redis.call('ZSCORE', KEYS[1], feed) or 0)) == args.putOffTo then
    if at then
      redis.call('ZADD', KEYS[1], at, feed)
    else
      redis.call('ZREM', KEYS[1], feed)
    end
  end
end
