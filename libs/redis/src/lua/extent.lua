--[[
  extent: where the replay of some tickets begins, and how many events it has. It reads READ_MAX_EVENTS events at most. Where it
  would need more, it answers for the first tickets, and its caller asks for the rest.

  KEYS       1 what no key is called  2 feed hash  3 ages  4 of each ticket history
  Arguments  base      what the feed's keys begin with
             newEpoch  for a feed that has no epoch
             wants     of each ticket {case, count: so many events, the newest ones, or absent: all that are kept}
  Returns {epoch, offset, then of each ticket, as far as the bound allows, {floor, events}}: `floor` is the offset after which
          the wanted events are, `events` how many there are
]]
-- @include _reads
-- @constant READ_MAX_EVENTS
local args = cjson.decode(ARGV[1])
open_read_feed(args.base, args.newEpoch)
local row = redis.call('HMGET', args.base .. 'feed', 'epoch', 'offset')
local answer = { row[1], row[2] }
local room = READ_MAX_EVENTS

local function read(command, history, first, last, count)
  room = room - count
  return redis.call(command, history, first, last, 'COUNT', count)
end

-- The offset after which the newest `count` events of `length` are. It is looked for from the nearer end.
local function floor_of(history, count, length)
  if count == 0 then
    return row[2]
  end
  if count < length and length - count < count then
    local older = read('XRANGE', history, '-', '+', length - count)
    return offset_of(older[#older])
  end
  local events = count < length and read('XREVRANGE', history, '+', '-', count) or read('XRANGE', history, '-', '+', 1)
  return offset_of(events[#events]) - 1
end

for _, want in ipairs(args.wants) do
  local history = args.base .. 'history:' .. want.case
  local length = redis.call('XLEN', history)
  local count = math.min(want.count or length, length)
  answer[#answer + 1] = { floor_of(history, count, length), count }
  if room <= 0 then
    break
  end
end
return answer
