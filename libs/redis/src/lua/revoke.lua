--[[
  revoke: writes revocations, and tells every gateway. One that is there already is replaced. The script does
  nothing after the time at which its caller gives up. The caller then says that nothing took effect, and that must be true.

  KEYS       1 revocations
  Arguments  entries    of each: id, text
             most       revocations that there may be
             latest     when the caller gives up, ms since 1970 by Redis's clock
             keptUntil  when the last of these ends, ms since 1970
             stamp      a name for the state that this makes
             channel    where gateways listen
             message    what they are told
  Returns 'written' | 'full' | 'late'
]]
local args = cjson.decode(ARGV[1])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if now > args.latest then
  return 'late'
end
-- The field of the stamp, beside the revocations.
local STAMP = '#'
local added = 0
for _, entry in ipairs(args.entries) do
  if redis.call('HEXISTS', KEYS[1], entry.id) == 0 then
    added = added + 1
  end
end
if added > 0 and redis.call('HLEN', KEYS[1]) - redis.call('HEXISTS', KEYS[1], STAMP) + added > args.most then
  return 'full'
end
for _, entry in ipairs(args.entries) do
  redis.call('HSET', KEYS[1], entry.id, entry.text)
end
redis.call('HSET', KEYS[1], STAMP, args.stamp)
if redis.call('PTTL', KEYS[1]) < args.keptUntil - now then
  redis.call('PEXPIREAT', KEYS[1], args.keptUntil)
end
redis.call('PUBLISH', args.channel, args.message)
return 'written'
