--[[
  unread: publishes the unread counts of tickets that differ from those that were published last. They are publications of the
  feed under names of their own, beside the messages of their tickets.

  KEYS       1 what no key is called  2 feed hash  3 ages, then of each name ticket and history
  Arguments  base      what the feed's keys begin with
             now       ms
             newEpoch  for a feed that has no epoch
             seenAt    when the upstream answered, ms
             counts    of each ticket {name, count, status or absent}
  Returns how many were published
]]
-- @include _epoch
-- @include _horizon
-- @include _tickets
-- @constant HISTORY_MAX_EVENTS, HISTORY_TTL_MS, PUBLISH
local args = cjson.decode(ARGV[1])
local base = args.base
if begin_epoch(base, args.newEpoch) then
  redis.call('PEXPIRE', base .. 'feed', 2 * HISTORY_TTL_MS)
end
local feed = redis.call('HMGET', base .. 'feed', 'epoch', 'offset')
local epoch, offset = feed[1], tonumber(feed[2] or 0)
local published = 0
for _, one in ipairs(args.counts) do
  local ticket, history = base .. 'ticket:' .. one.name, base .. 'history:' .. one.name
  local value = string.format('%.0f %s', one.count, one.status and string.format('%.0f', one.status) or '-')
  local row = redis.call('HMGET', ticket, 'last', 'trimmed', 'unread')
  if row[3] ~= value then
    local last, trimmed = tonumber(row[1] or 0), row[2] or horizon(base, args.now)
    if last > offset then -- Left by an earlier epoch.
      redis.call('DEL', history)
      last, trimmed = 0, offset
    end
    if published == 0 then
      record_sample(base, args.now, offset) -- As a commit does: what follows this offset is kept.
    end
    offset = offset + 1
    published = published + 1
    if redis.call('XLEN', history) >= HISTORY_MAX_EVENTS then
      trimmed = string.match(redis.call('XRANGE', history, '-', '+', 'COUNT', 1)[1][1], '^%d+')
    end
    local text = string.format('u %s %.0f %.0f %.0f - %s', epoch, offset, last, args.seenAt, value)
    redis.call('XADD', history, 'MAXLEN', '=', HISTORY_MAX_EVENTS, string.format('%.0f-0', offset), 'p', text)
    redis.call(PUBLISH, base .. 'news:' .. one.name, text)
    write_ticket(base, one.name, offset, trimmed)
    redis.call('HSET', ticket, 'unread', value)
    redis.call('PEXPIRE', ticket, HISTORY_TTL_MS)
    redis.call('PEXPIRE', history, HISTORY_TTL_MS)
  end
end
if published > 0 then
  redis.call('HSET', base .. 'feed', 'offset', string.format('%.0f', offset))
end
return published
