--[[
  quota: gives one set its turn to send a request, or says when to ask again. Turns are evenly spaced, which keeps
  any second within the quota. Among the sets that wait, the one with the lowest rank comes first.
  Polls of tickets that the upstream may not know have a share of the turns. Each of them gets a time from which on it may
  wait for a turn, and the others do not wait behind it before.

  KEYS       1 quota hash  2 waiting: set by rank  3 asking: set by when it will ask again, ms
             4 unknown: set by the time that it got, ms  5 what no key is called
  Arguments  now        ms
             set        name of the set
             rank       ms since 1970
             isUnknown  whether it is a poll of tickets that the upstream may not know
  Returns ms to wait, 0 for the turn
]]
-- @constant UPSTREAM_MAX_RPS, QUOTA_RAMP_MS, QUOTA_KEPT_MS, UNKNOWN_SHARE

-- Turns are given out a little slower than the quota, so that late senders do not bunch into a second.
local SLACK = 1.05
-- After a pause the pace starts at this many requests per second. It doubles every second until it is no limit.
local RAMP_START = 2
-- A set that did not ask again in time (ms) has ended, or its worker has.
local FORGET_MS = 3000
-- Sets this near to the front (share of a second's turns) may get their turns before a set that asks late.
local FRONT = 0.1

local args = cjson.decode(ARGV[1])
local now, set, limit = args.now, args.set, UPSTREAM_MAX_RPS
local row = redis.call('HMGET', KEYS[1], 'next', 'until', 'unknown')
local next_turn, open = tonumber(row[1] or 0), tonumber(row[2] or 0)
if now < open then
  return math.ceil(open - now)
end
if now - open < QUOTA_RAMP_MS then
  local ramp = RAMP_START * 2 ^ ((now - open) / 1000)
  limit = limit > 0 and math.min(limit, ramp) or ramp
end
if limit == 0 then
  return 0
end
local spacing = 1000 * SLACK / limit

for _, silent in ipairs(redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', now - FORGET_MS, 'LIMIT', 0, 20)) do
  redis.call('ZREM', KEYS[2], silent)
  redis.call('ZREM', KEYS[3], silent)
end

-- The time from which on the set may wait for a turn.
local function own_time()
  redis.call('ZREMRANGEBYSCORE', KEYS[4], '-inf', now - FORGET_MS)
  local own = tonumber(redis.call('ZSCORE', KEYS[4], set) or nil)
  if not own then
    own = math.ceil(math.max(now, tonumber(row[3] or 0)))
    redis.call('HSET', KEYS[1], 'unknown', string.format('%.0f', own + spacing / UNKNOWN_SHARE))
    redis.call('PEXPIRE', KEYS[1], QUOTA_KEPT_MS)
    redis.call('ZADD', KEYS[4], own, set)
    redis.call('PEXPIRE', KEYS[4], QUOTA_KEPT_MS)
  end
  return own
end
if args.isUnknown then
  local own = own_time()
  if own > now then
    return own - now
  end
end
redis.call('ZADD', KEYS[2], args.rank, set)
local before = redis.call('ZRANK', KEYS[2], set)
if next_turn <= now and before <= limit * FRONT then
  redis.call('HSET', KEYS[1], 'next', string.format('%.3f', math.max(next_turn, now - spacing) + spacing))
  redis.call('PEXPIRE', KEYS[1], QUOTA_KEPT_MS)
  redis.call('ZREM', KEYS[2], set)
  redis.call('ZREM', KEYS[3], set)
  if args.isUnknown then
    redis.call('ZREM', KEYS[4], set)
  end
  return 0
end
local wait = math.max(1, math.ceil(math.max(0, next_turn - now) + before * spacing))
redis.call('ZADD', KEYS[3], now + wait, set)
redis.call('PEXPIRE', KEYS[2], QUOTA_KEPT_MS)
redis.call('PEXPIRE', KEYS[3], QUOTA_KEPT_MS)
return wait
