--[[
  slice: a part of the replay of some tickets: their events after one offset and up to another one, unless they are too many.

  KEYS       1 what no key is called  2 feed hash  3 ages  4 of each ticket ticket and history
  Arguments  base      what the feed's keys begin with
             now       ms
             newEpoch  for a feed that has no epoch, or begins a new one
             known     {epoch, offset} that the gateway knows of, or absent
             after     offset after which the part begins
             upTo      offset of the last event that may belong to it
             events    most events
             bytes     most bytes of their texts; one event is never too many
             wants     of each ticket {case, floor: events up to this offset are not wanted, or absent}
  Returns {epoch, offset, 1 if they are not too many, tickets of which wanted events are gone: their indexes from 1,
          then of each ticket that has events {index, events..}}
]]
-- @include _epoch
-- @include _reads
-- @include _tickets
local args = cjson.decode(ARGV[1])
local base = args.base
local feed = base .. 'feed'
open_read_feed(base, args.newEpoch)
if args.known then
  renew_if_behind(feed, args.known, args.newEpoch)
end
local row = redis.call('HMGET', feed, 'epoch', 'offset')
local lost = {}
local answer = { row[1], row[2], 1, lost }

-- Events that are read at once. A large message must not make one read much larger than the part may be.
local AT_ONCE = 64

local last = string.format('%.0f-0', args.upTo)
local events, bytes = 0, 0

-- Whether there is room for one more event.
local function fits(text)
  events, bytes = events + 1, bytes + #text
  return events == 1 or events <= args.events and bytes <= args.bytes
end

-- Adds the events of a ticket after an offset to a row. Returns whether they fit.
local function read(history, from, found)
  local next_events
  repeat
    next_events = redis.call('XRANGE', history, string.format('(%.0f-0', from), last, 'COUNT', AT_ONCE)
    for _, event in ipairs(next_events) do
      if not fits(text_of(event)) then
        return false
      end
      found[#found + 1] = text_of(event)
    end
    from = #next_events > 0 and offset_of(next_events[#next_events])
  until #next_events < AT_ONCE
  return true
end

for index, want in ipairs(args.wants) do
  local history = base .. 'history:' .. want.case
  local found, from = { index }, math.max(args.after, want.floor or 0)
  if not read(history, from, found) then
    return { row[1], row[2], 0, {} }
  end
  local length = #found > 1 and 1 or redis.call('XLEN', history)
  if tonumber(beginning(base, want.case, length, args.now)) > from then
    lost[#lost + 1] = index
  end
  if #found > 1 then
    answer[#answer + 1] = found
  end
end
return answer
