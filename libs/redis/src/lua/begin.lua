--[[
  begin: takes the lease of a ticket set for one poll, unless another worker has it. The fence moves, so whatever an
  earlier poll still sends changes nothing: a commit that waited for Redis to come back, a worker that stood still.

  KEYS       1 what no key is called  2 set  3 feed hash
  Arguments  base, id       what the feed's keys begin with, set id
             now            ms
             owner          who asks; it may take its own lease anew
             leaseUntil     when the lease ends, ms since 1970
             membersDigest  digest of the members that the caller knows, absent for none
  Returns {'gone'} | {'busy', until} |
          {'begun', fence, digest of the members, members or false where known, joining, cursor history, answer digest,
           order, active at, due, failures, bisection, '1' if nothing is known of its tickets}
]]
-- @include _fence
-- @include _lease
-- @include _pause
local args = cjson.decode(ARGV[1])
local set = args.base .. 'set:' .. args.id
local row = redis.call('HMGET', set, 'fence', 'hold', 'members', 'joining', 'trail', 'digest', 'order', 'lively', 'due',
  'failures', 'holder', 'search', 'again', 'unknown')
if not row[1] then
  return { 'gone' }
end
if is_leased(row[2], args.now) and row[11] ~= args.owner then
  return { 'busy', row[2] }
end
if is_paused(args.base) then
  return { 'busy', args.now + PAUSED_LOOK_MS }
end
take_lease(set, args.owner, args.leaseUntil)
local fence = next_fence(row[1], args.now)
redis.call('HSET', set, 'fence', fence)
if row[13] ~= '' then
  redis.call('HSET', set, 'again', '') -- The hint came before this poll, which answers it.
end
-- Members are named by what they are. A number could name other members after Redis came back from the past.
local digest = redis.sha1hex(row[3])
local members = digest ~= args.membersDigest and row[3]
return { 'begun', fence, digest, members, row[4], row[5], row[6], row[7], row[8], row[9], row[10], row[12] or '', row[14] or '' }
