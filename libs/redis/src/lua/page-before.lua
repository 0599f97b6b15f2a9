--[[
  page-before: the part of a ticket's history before a position, and where its history begins, at one instant.

  KEYS       1 what no key is called  2 feed hash  3 ages  4 place  5 ticket  6 history
  Arguments  base      what the feed's keys begin with
             now       ms
             newEpoch  for a feed that has no epoch
             case      the ticket
             before    {epoch, offset} of the first event behind the part, or absent: the part ends with the newest event
             limit     most events
  Returns {epoch, offset, 1 if `before` is a position of this epoch and of what is known of the ticket, 1 if the ticket is in a
           set, 1 if there are events before the part, offset of the oldest event ('' if none is kept), text of the oldest
           message ('' if none is kept), events..}, the oldest first
]]
-- @include _horizon
-- @include _reads
local OLDEST, STEPS = 50, 20
local args = cjson.decode(ARGV[1])
local base, case, before = args.base, args.case, args.before
open_read_feed(base, args.newEpoch)
local row = redis.call('HMGET', base .. 'feed', 'epoch', 'offset')
local history = base .. 'history:' .. case

-- The offset before which nothing is known of the ticket: its history and the names of its messages have ended. If it is wanted
-- again, everything that the upstream shows of it gets new offsets. So an older position is not before any of them.
local function known_since()
  local found = redis.call('HMGET', base .. 'ticket:' .. case, 'last', 'since')
  return tonumber(found[2] or not found[1] and redis.call('EXISTS', history) == 0 and horizon(base, args.now) or 0)
end

local is_known = before and before.epoch == row[1] and before.offset <= tonumber(row[2] or 0)
  and before.offset >= known_since()

local function oldest_message()
  local from = '-'
  for _ = 1, STEPS do
    local events = redis.call('XRANGE', history, from, '+', 'COUNT', OLDEST)
    for _, event in ipairs(events) do
      if string.sub(event[2][2], 1, 1) == 'm' then
        return event[2][2]
      end
    end
    if #events < OLDEST then
      return ''
    end
    from = '(' .. events[#events][1]
  end
  return ''
end

local first = redis.call('XRANGE', history, '-', '+', 'COUNT', 1)[1]
local to = is_known and string.format('(%.0f-0', before.offset) or '+'
local events = redis.call('XREVRANGE', history, to, '-', 'COUNT', args.limit + 1)
local has_older = #events > args.limit
local answer = { row[1], row[2], is_known and 1 or 0, redis.call('HEXISTS', base .. 'place', case), has_older and 1 or 0,
  first and string.match(first[1], '^%d+') or '', first and oldest_message() or '' }
for j = has_older and args.limit or #events, 1, -1 do
  answer[#answer + 1] = events[j][2][2]
end
return answer
