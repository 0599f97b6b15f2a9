--[[
  release: ends the lease of a set that its owner does not poll after all, or not again.

  KEYS       1 what no key is called  2 set
  Arguments  base, id  what the feed's keys begin with, set id
             owner     the lease of another owner stays
  Returns nothing
]]
-- @include _lease
local args = cjson.decode(ARGV[1])
local set = args.base .. 'set:' .. args.id
if redis.call('HGET', set, 'holder') == args.owner then
  end_lease(set)
end
