--[[
  release: frees a set that was taken and not polled after all, or that was reserved and is not wanted any more.

  KEYS       1 feed hash
  Arguments  base, id  what the feed's keys begin with, set id
             fence     the set was taken with it
             holder    who reserved the set
  Returns nothing
]]
local args = cjson.decode(ARGV[1])
local set = args.base .. 'set:' .. args.id
local row = redis.call('HMGET', set, 'fence', 'holder')
if row[1] and (tonumber(row[1]) == args.fence or row[2] == args.holder) then
  redis.call('HSET', set, 'hold', 0, 'holder', '')
end
