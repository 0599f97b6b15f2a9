--[[
  release: free a set that was taken and not polled after all, or that was reserved and is not wanted any more.

  KEYS  1 feed hash
  ARGV  1 key base  2 set id  3 fence it was taken with  4 who reserved it
]]
local set = ARGV[1] .. 'set:' .. ARGV[2]
local row = redis.call('HMGET', set, 'fence', 'holder')
if row[1] and (row[1] == ARGV[3] or row[2] == ARGV[4]) then
  redis.call('HSET', set, 'hold', 0, 'holder', '')
end
