--[[
  end-attempt: records the outcome of an attempt with credentials of the upstream. Accepted credentials have no refused
  attempts any more.

  KEYS       1 refused attempts by when they were, ms  2 attempts under way by until when they count, ms
  Arguments  now          ms
             credentials  digest
             attempt      name of the attempt
             outcome      'accepted', 'refused' or 'unknown'
             window       how long a refused attempt counts, ms
  Returns nothing
]]
-- @include _attempts
local args = cjson.decode(ARGV[1])
local name = args.credentials .. ':' .. args.attempt
redis.call('ZREM', KEYS[2], name)
if args.outcome == 'refused' then
  redis.call('ZADD', KEYS[1], args.now, name)
  redis.call('PEXPIRE', KEYS[1], args.window)
elseif args.outcome == 'accepted' then
  for _, attempt in ipairs(attempts_with(KEYS[1], args.credentials)) do
    redis.call('ZREM', KEYS[1], attempt)
  end
end
