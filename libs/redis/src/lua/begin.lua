--[[
  begin: take a ticket set for one poll, unless another poll of it may still be in flight. The fence moves: what an earlier
  poll still sends (a commit that waited for Redis to come back, a worker that stood still) changes nothing under this one.

  KEYS  1 feed hash (routes the call; all keys of a feed share one slot)
  ARGV  1 key base  2 set id  3 now, ms  4 hold until, ms  5 digest of the members known to the caller, '' for none
        6 who asks: may take what it reserved for itself
  Returns {'gone'} | {'busy', until} |
          {'begun', fence, digest of the members, members or false where known, joining, trail, digest, order, lively, due, failures, search}
]]
-- @include _fence
local set = ARGV[1] .. 'set:' .. ARGV[2]
local row = redis.call('HMGET', set, 'fence', 'hold', 'members', 'joining', 'trail', 'digest', 'order', 'lively', 'due', 'failures', 'holder', 'search')
if not row[1] then
  return { 'gone' }
end
if tonumber(row[2]) > tonumber(ARGV[3]) and row[11] ~= ARGV[6] then
  return { 'busy', row[2] }
end
local fence = next_fence(row[1], ARGV[3])
redis.call('HSET', set, 'fence', fence, 'hold', ARGV[4], 'holder', '')
-- Named by what they are: a number could come back for other members when Redis comes back as it was before.
local members = redis.sha1hex(row[3])
return { 'begun', fence, members, members ~= ARGV[5] and row[3], row[4], row[5], row[6], row[7], row[8], row[9], row[10], row[12] or '' }
