--[[
  history: the newest publications of some tickets at one instant, and a barrier on the asking gateway's own channel.
  When the barrier arrives there, so has everything that was published before this instant.

  KEYS       1 what no key is called  2 feed hash  3 ages  4 apart, then of each ticket ticket and history
  Arguments  base            what the feed's keys begin with
             now             ms
             newEpoch        for a feed that has no epoch, or begins a new one
             barrierChannel  channel of the asking gateway
             barrier         what is published there
             known           {epoch, offset} that the gateway knows of, or absent
             claim           {epoch, offset} that a client has seen, by its signature, or absent
             wants           of each ticket {case, atLeast: so many events, after: all after this offset, or absent}
  Returns {epoch, offset, state, since, reason, then of each ticket
          {complete after, 1 if nothing older is kept, 1 if it is quarantined, events..}},
          where `complete after` is '' for "just before the first event"
]]
-- @include _epoch
-- @include _reads
-- @constant HISTORY_MAX_EVENTS, PUBLISH
local args = cjson.decode(ARGV[1])
local base, now = args.base, args.now
local feed = base .. 'feed'
open_read_feed(base, args.newEpoch)
if args.known then
  renew_if_behind(feed, args.known, args.newEpoch)
end
if args.claim then
  renew_if_behind(feed, args.claim, args.newEpoch)
end
local row = redis.call('HMGET', feed, 'epoch', 'offset', 'state', 'since', 'reason')
local answer = { row[1], row[2], row[3] or 'ok', row[4] or '0', row[5] or '' }

-- The newest events of a ticket, newest first: `atLeast` of them, and all after the wanted offset.
local function read(history, want)
  local count, after = want.atLeast, want.after
  local events = count == 0 and {} or redis.call('XREVRANGE', history, '+', '-', 'COUNT', count)
  local oldest = events[#events]
  if after and #events == count and (not oldest or offset_of(oldest) > after + 1) then
    events = redis.call('XREVRANGE', history, '+', string.format('(%.0f-0', after), 'COUNT', HISTORY_MAX_EVENTS)
  end
  return events
end

for _, want in ipairs(args.wants) do
  local history = base .. 'history:' .. want.case
  local events, length = read(history, want), redis.call('XLEN', history)
  local is_exhausted = #events == length
  local complete_after = ''
  if is_exhausted then
    complete_after = beginning(base, want.case, length, now)
  elseif #events == 0 then
    complete_after = want.after or row[2]
  end
  local is_quarantined = redis.call('ZSCORE', base .. 'apart', want.case)
  local ticket = { complete_after, is_exhausted and 1 or 0, is_quarantined and 1 or 0 }
  for j = #events, 1, -1 do
    ticket[#ticket + 1] = events[j][2][2]
  end
  answer[#answer + 1] = ticket
end
redis.call(PUBLISH, args.barrierChannel, args.barrier)
return answer
