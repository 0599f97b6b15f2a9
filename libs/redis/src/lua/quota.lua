--[[
  quota: give one set its turn to send a request, or tell it when to ask again. Turns are evenly spaced, which keeps any
  second within the quota; among the sets that wait, the lowest rank comes first.

  KEYS  1 quota hash  2 waiting: set by rank  3 asking: set by when it will ask again, ms
  ARGV  1 now, ms  2 requests per second, 0 for no limit  3 set  4 its rank
  Returns ms to wait, 0 for the turn
]]
-- Turns are given out a little slower than the quota, so that late senders do not bunch into a second.
local SLACK = 1.05
-- After a pause the pace starts here (requests per second) and doubles every second until it is no limit.
local RAMP_START, RAMP_MS = 2, 12000
-- A set that did not ask again in time (ms) has ended, or its worker has.
local FORGET_MS = 3000
-- Sets this near to the front (share of a second's turns) may go before one that is late to ask.
local FRONT = 0.1

local now, limit, set = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3]
local row = redis.call('HMGET', KEYS[1], 'next', 'until')
local next_turn, open = tonumber(row[1] or 0), tonumber(row[2] or 0)
if now < open then
  return math.ceil(open - now)
end
if now - open < RAMP_MS then
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
redis.call('ZADD', KEYS[2], ARGV[4], set)
local before = redis.call('ZRANK', KEYS[2], set)
if next_turn <= now and before <= limit * FRONT then
  redis.call('HSET', KEYS[1], 'next', string.format('%.3f', math.max(next_turn, now - spacing) + spacing))
  redis.call('PEXPIRE', KEYS[1], 3600000)
  redis.call('ZREM', KEYS[2], set)
  redis.call('ZREM', KEYS[3], set)
  return 0
end
local wait = math.max(1, math.ceil(math.max(0, next_turn - now) + before * spacing))
redis.call('ZADD', KEYS[3], now + wait, set)
redis.call('PEXPIRE', KEYS[2], 3600000)
redis.call('PEXPIRE', KEYS[3], 3600000)
return wait
