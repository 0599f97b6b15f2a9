--[[
  begin: takes a ticket set for one poll, unless another poll of it may still be in flight. The fence moves, so whatever
  an earlier poll still sends changes nothing: a commit that waited for Redis to come back, a worker that stood still.

  KEYS       1 feed hash (routes the call: all keys of a feed share one slot)
  Arguments  base, id       what the feed's keys begin with, set id
             now            ms
             heldUntil      how long the set is taken, ms since 1970
             holder         who asks; it may take what it reserved for itself
             membersDigest  digest of the members that the caller knows, absent for none
  Returns {'gone'} | {'busy', until} |
          {'begun', fence, digest of the members, members or false where known, joining, cursor history, answer digest,
           order, active at, due, failures, bisection}
]]
-- @include _fence
local args = cjson.decode(ARGV[1])
local set = args.base .. 'set:' .. args.id
local row = redis.call('HMGET', set, 'fence', 'hold', 'members', 'joining', 'trail', 'digest', 'order', 'lively', 'due',
  'failures', 'holder', 'search')
if not row[1] then
  return { 'gone' }
end
if tonumber(row[2]) > args.now and row[11] ~= args.holder then
  return { 'busy', row[2] }
end
local fence = next_fence(row[1], args.now)
redis.call('HSET', set, 'fence', fence, 'hold', args.heldUntil, 'holder', '')
-- Members are named by what they are. A number could name other members after Redis came back from the past.
local digest = redis.sha1hex(row[3])
local members = digest ~= args.membersDigest and row[3]
return { 'begun', fence, digest, members, row[4], row[5], row[6], row[7], row[8], row[9], row[10], row[12] or '' }
