--[[
  history: the newest publications of some tickets at one instant, and a barrier on the asking gateway's own channel.
  When the barrier arrives there, so has everything that was published before this instant. It reads READ_MAX_EVENTS events at
  most. Where more are wanted, it answers for the first tickets, and its caller asks for the rest as of this instant (`upTo`).

  KEYS       1 what no key is called  2 feed hash  3 ages  4 apart, then of each ticket ticket and history
  Arguments  base            what the feed's keys begin with
             now             ms
             newEpoch        for a feed that has no epoch, or begins a new one
             barrierChannel  channel of the asking gateway
             barrier         what is published there, or absent: nothing is
             known           {epoch, offset} that the gateway knows of, or absent
             claim           {epoch, offset} that a client has seen, by its signature, or absent
             wants           of each ticket {case, atLeast: so many events, after: all after this offset, or absent,
                             upTo: none after this offset, or absent}
  Returns {epoch, offset, state, since, reason, then of each ticket, as far as the bound allows,
          {complete after, 1 if nothing older is kept, 1 if it is quarantined, 1 if more of it is wanted, read status or '',
           1 if its first poll is still to come, events..}},
          where `complete after` is '' for "just before the first event"
]]
-- @include _epoch
-- @include _reads
-- @constant PUBLISH, READ_MAX_EVENTS
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
local room = READ_MAX_EVENTS

-- At most `count` events up to an offset (absent: the newest one) and after another one (absent: any), the newest first.
local function newest(history, up_to, after, count)
  local last = up_to and string.format('%.0f-0', up_to) or '+'
  local first = after and string.format('(%.0f-0', after) or '-'
  return count == 0 and {} or redis.call('XREVRANGE', history, last, first, 'COUNT', count)
end

-- The newest events of a ticket, newest first: `atLeast` of them, and all after the wanted offset, as far as there is room.
local function read(history, want)
  local count, after = math.min(want.atLeast, room), want.after
  local events = newest(history, want.upTo, nil, count)
  local oldest = events[#events]
  if after and #events == count and (not oldest or offset_of(oldest) > after + 1) then
    for _, event in ipairs(newest(history, oldest and offset_of(oldest) - 1 or want.upTo, after, room - count)) do
      events[#events + 1] = event
    end
  end
  room = room - #events
  return events
end

-- Whether nothing is kept that is older than what was read.
local function is_all(history, want, events, length)
  if not want.upTo then
    return #events == length
  end
  local kept, oldest = redis.call('XRANGE', history, '-', '+', 'COUNT', 1)[1], events[#events]
  return not kept or offset_of(kept) > want.upTo or oldest and oldest[1] == kept[1]
end

local function is_cut(want, events)
  local oldest = events[#events]
  return #events < want.atLeast or want.after and (not oldest or offset_of(oldest) > want.after + 1)
end

for _, want in ipairs(args.wants) do
  local history = base .. 'history:' .. want.case
  local events, length = read(history, want), redis.call('XLEN', history)
  local is_exhausted = is_all(history, want, events, length)
  local complete_after = ''
  if is_exhausted then
    complete_after = beginning(base, want.case, length, now)
  elseif #events == 0 then
    complete_after = want.after or want.upTo or row[2]
  end
  local is_quarantined = redis.call('ZSCORE', base .. 'apart', want.case)
  local has_more = room == 0 and not is_exhausted and is_cut(want, events)
  local known = redis.call('HMGET', base .. 'ticket:' .. want.case, 'status', 'awaited')
  local ticket = { complete_after, is_exhausted and 1 or 0, is_quarantined and 1 or 0, has_more and 1 or 0,
    known[1] or '', known[2] and 1 or 0 }
  for j = #events, 1, -1 do
    ticket[#ticket + 1] = events[j][2][2]
  end
  answer[#answer + 1] = ticket
  if room == 0 then
    break
  end
end
if args.barrier then
  redis.call(PUBLISH, args.barrierChannel, args.barrier)
end
return answer
