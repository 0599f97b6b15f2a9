--[[
  slice: a part of the replay of some tickets: their events after one offset and up to another one, unless they are too many.

  KEYS       1 what no key is called  2 feed hash  3 ages  then of each ticket ticket and history
  Arguments  base      what the feed's keys begin with
             now       ms
             newEpoch  for a feed that has no epoch, or begins a new one
             known     {epoch, offset} that the gateway knows of, or absent
             after     offset after which the part begins
             upTo      offset of the last event that may belong to it
             events    most events
             bytes     most bytes of their texts; one event is never too many
             cases     the tickets, in the order of their keys
             floors    of each ticket the offset up to which events are not wanted, or absent: `after` for all of them
  Returns {epoch, offset, 1 if they are not too many, tickets of which wanted events are gone: their indexes from 1,
          then of each ticket that has events {index, events..}}
]]
-- @include _epoch
-- @include _reads
-- @include _tickets
local args = cjson.decode(ARGV[1])
local base = args.base
open_read_feed(base, args.newEpoch)
if args.known then
  renew_if_behind(base .. 'feed', args.known, args.newEpoch)
end
local row = redis.call('HMGET', base .. 'feed', 'epoch', 'offset')
local lost = {}
local answer = { row[1], row[2], 1, lost }

-- Events that are read at once. A large message must not make one read much larger than the part may be.
local AT_ONCE = 64

local function id_of(offset)
  return string.format('%.0f-0', offset)
end

local last, after = id_of(args.upTo), '(' .. id_of(args.after)
local events, bytes = 0, 0

-- Whether there is room for one more event.
local function fits(text)
  events, bytes = events + 1, bytes + #text
  return events == 1 or events <= args.events and bytes <= args.bytes
end

-- Adds the events of a ticket to a row. Returns whether they fit.
local function read(history, first, found)
  local next_events
  repeat
    next_events = redis.call('XRANGE', history, first, last, 'COUNT', AT_ONCE)
    for _, event in ipairs(next_events) do
      local text = text_of(event)
      if not fits(text) then
        return false
      end
      found[#found + 1] = text
    end
    first = #next_events > 0 and '(' .. next_events[#next_events][1]
  until #next_events < AT_ONCE
  return true
end

-- Whether events after an offset are gone. Where some are found, the first of them tells it (previous_of in _tickets.lua).
local function is_lost(case, history, from, found)
  if found[2] and tonumber(string.match(found[2], '^%a %S+ %d+ (%d+) ')) <= from then
    return false
  end
  local length = found[2] and 1 or redis.call('XLEN', history)
  return tonumber(beginning(base, case, length, args.now)) > from
end

for index, case in ipairs(args.cases) do
  local history, found, from = KEYS[3 + 2 * index], { index }, args.after
  local floor = args.floors and args.floors[index] or 0
  local first = after
  if floor > from then
    from, first = floor, '(' .. id_of(floor)
  end
  if not read(history, first, found) then
    return { row[1], row[2], 0, {} }
  end
  if is_lost(case, history, from, found) then
    lost[#lost + 1] = index
  end
  if found[2] then
    answer[#answer + 1] = found
  end
end
return answer
