--[[
  page: a part of a ticket's history at one instant, the oldest event first. It reads what it returns, wherever in history the
  part begins.

  KEYS       1 what no key is called  2 feed hash  3 ages  4 ticket  5 history
  Arguments  base      what the feed's keys begin with
             now       ms
             newEpoch  for a feed that has no epoch
             case      the ticket
             after     {epoch, offset} of the last event before the part, or absent: the part begins with the oldest event
             limit     most events
  Returns {epoch, offset, 1 if `after` is a position of this epoch, 1 if it is and events after it are gone,
           1 if there are events after the part, events..}. Without such a position the part begins with the oldest event.
]]
-- @include _reads
local args = cjson.decode(ARGV[1])
local base, case, after = args.base, args.case, args.after
open_read_feed(base, args.newEpoch)
local row = redis.call('HMGET', base .. 'feed', 'epoch', 'offset')
local is_known = after and after.epoch == row[1] and after.offset <= tonumber(row[2] or 0)
local history = base .. 'history:' .. case

-- Whether events after the position are not kept any more. They are all there if an older one is.
local function is_truncated()
  local oldest = redis.call('XRANGE', history, '-', '+', 'COUNT', 1)[1]
  if oldest and offset_of(oldest) <= after.offset then
    return false
  end
  return tonumber(beginning(base, case, oldest and 1 or 0, args.now)) > after.offset
end

-- One event more than wanted tells whether there are more.
local from = is_known and string.format('(%.0f-0', after.offset) or '-'
local events = redis.call('XRANGE', history, from, '+', 'COUNT', args.limit + 1)
local has_more = #events > args.limit
local answer = { row[1], row[2], is_known and 1 or 0, is_known and is_truncated() and 1 or 0, has_more and 1 or 0 }
for j = 1, has_more and args.limit or #events do
  answer[#answer + 1] = events[j][2][2]
end
return answer
