--[[
  begin-attempt: asks for one attempt with credentials of the upstream. All workers share the refused attempts, because an
  account is locked after a few of them.

  KEYS       1 refused attempts by when they were, ms  2 attempts under way by until when they count, ms
  Arguments  now          ms
             countsUntil  until when the attempt counts as under way, ms since 1970
             credentials  digest
             attempt      name of the attempt
             refusals     how many may be refused within the window
             window       how long a refused attempt counts, ms
  Returns {'granted'} | {'busy'} | {'withheld', ms until the oldest refused attempt does not count any more}
]]
-- @include _attempts
local args = cjson.decode(ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', args.now - args.window)
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', args.now)
local refused = redis.call('ZCARD', KEYS[1])
local is_tried = #attempts_with(KEYS[1], args.credentials) > 0
local is_under_way = #attempts_with(KEYS[2], args.credentials) > 0
if is_tried and refused >= args.refusals then
  local oldest = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')[2]
  return { 'withheld', tonumber(oldest) + args.window - args.now }
end
if (is_tried or is_under_way) and refused + redis.call('ZCARD', KEYS[2]) >= args.refusals then
  return { 'busy' }
end
redis.call('ZADD', KEYS[2], args.countsUntil, args.credentials .. ':' .. args.attempt)
redis.call('PEXPIRE', KEYS[2], args.countsUntil - args.now)
return { 'granted' }
