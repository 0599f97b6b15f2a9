--[[
  forget-feeds: takes feeds of which nothing is left off the list of feeds, but for those that were wanted a short time ago: a
  gateway lists a feed before its tickets are there.

  KEYS       1 feeds
  Arguments  before  ms since 1970
             feeds   feeds of which nothing is left
  Returns {feeds that are not listed any more..}
]]
local args = cjson.decode(ARGV[1])
local forgotten = {}
for _, feed in ipairs(args.feeds) do
  if tonumber(redis.call('ZSCORE', KEYS[1], feed) or 0) < args.before then
    redis.call('ZREM', KEYS[1], feed)
    forgotten[#forgotten + 1] = feed
  end
end
return forgotten
