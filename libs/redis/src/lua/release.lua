--[[
  release: free a set that was taken and not polled after all.

  KEYS  1 feed hash
  ARGV  1 key base  2 set id  3 fence it was taken with
]]
local set = ARGV[1] .. 'set:' .. ARGV[2]
if redis.call('HGET', set, 'fence') == ARGV[3] then
  redis.call('HSET', set, 'hold', 0)
end
