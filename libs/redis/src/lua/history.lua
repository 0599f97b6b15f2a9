--[[
  history: the ends of some tickets' histories at one instant, and a barrier on the asking gateway's own channel: when
  it arrives there, so has everything that was published before this instant.

  KEYS  1 feed hash
  ARGV  1 key base  2 now, ms  3 history life, ms  4 history bound, events  5 epoch for a feed that has none
        6 PUBLISH or SPUBLISH  7 barrier channel  8 barrier text  9 10 epoch and offset that the asker knows of
        11 12 epoch and offset that a client says it has seen, '' for none
        13.. tickets, three each: ticket, at least so many events, all after this offset or ''
  Returns {epoch, offset, state, since, reason, then per ticket
          {complete after, 1 if nothing older is kept, 1 if it is apart, events..}}
          where `complete after` is '' for "just before the first event"
]]
-- @include _horizon
-- @include _life
local base, now, ttl = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local feed = base .. 'feed'
if redis.call('HSETNX', feed, 'epoch', ARGV[5]) == 1 then
  redis.call('HSET', feed, 'offset', 0)
  redis.call('PEXPIRE', feed, 2 * ttl)
end
renew_if_behind(feed, ARGV[9], ARGV[10], ARGV[5])
renew_on_word(feed, ARGV[11], ARGV[12], ARGV[5])
local row = redis.call('HMGET', feed, 'epoch', 'offset', 'state', 'since', 'reason')
local answer = { row[1], row[2], row[3] or 'ok', row[4] or '0', row[5] or '' }

-- Where the history of a ticket begins when everything that is kept of it was read.
local function beginning(case, length)
  local found = redis.call('HMGET', base .. 'ticket:' .. case, 'last', 'trimmed')
  if not found[1] then
    return horizon(base, now, ttl)
  end
  return length == 0 and found[1] or found[2]
end

for i = 13, #ARGV, 3 do
  local case, after = ARGV[i], ARGV[i + 2]
  local history = base .. 'history:' .. case
  local count = tonumber(ARGV[i + 1])
  local events = count == 0 and {} or redis.call('XREVRANGE', history, '+', '-', 'COUNT', count)
  local oldest = events[#events]
  if after ~= '' and #events == count and (not oldest or tonumber(string.match(oldest[1], '^%d+')) > tonumber(after) + 1) then
    events = redis.call('XREVRANGE', history, '+', '(' .. after .. '-0', 'COUNT', ARGV[4])
  end
  local length = redis.call('XLEN', history)
  local exhausted = #events == length
  local ticket = { exhausted and beginning(case, length) or (#events == 0 and (after ~= '' and after or row[2]) or ''), exhausted and 1 or 0,
    redis.call('ZSCORE', base .. 'apart', case) and 1 or 0 }
  for j = #events, 1, -1 do
    ticket[#ticket + 1] = events[j][2][2]
  end
  answer[#answer + 1] = ticket
end
redis.call(ARGV[6], ARGV[7], ARGV[8])
return answer
