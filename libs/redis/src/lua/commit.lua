--[[
  commit: one poll's result in one atomic step (invariant 2): compare the fence, append publications, remember what was
  delivered, advance the cursor, publish. Killed before it, nothing happened; killed after it, all of it did.

  KEYS  1 feed hash
  ARGV  1 key base  2 set id  3 fence the poll began from  4 now, ms
        5 what becomes of the set: 'more', 'rest' or 'free'  6 held until, ms, for more; hold beyond due, ms, for rest
        7 who reserves it for rest  8 longest reserved rest, ms  9 due if something was published  10 due if nothing was
        11 '1' if 12 to 14 are to be written  12 trail  13 digest  14 order  15 history bound, events
        16 history life, ms  17 PUBLISH or SPUBLISH  18 epoch for a feed that has none  19 delivered bound, messages
        20 tickets primed, as a list  21 largest set, tickets  22 23 epoch and offset that the worker knows of
        24 search, '' for none, '-' to leave it as it is
        25.. news, six each: kind 'm' or 's', ticket, identity or status, seen at, sent at or '-', message or ''
  Returns {'gone'} | {'conflict'} |
          {'committed', fence, published, due, 1 if tickets wait to join, 1 if reserved, epoch, offset, ids of sets that packing
          changed..}, epoch and offset empty where nothing was new
]]
-- @include _lists
-- @include _health
-- @include _horizon
-- @include _life
-- @include _sets
-- @include _apart
local base, id, now = ARGV[1], ARGV[2], tonumber(ARGV[4])
local set, feed, publish, ttl = base .. 'set:' .. id, base .. 'feed', ARGV[17], tonumber(ARGV[16])
local row = redis.call('HMGET', set, 'fence', 'failures', 'joining', 'again')
if not row[1] then
  return { 'gone' }
end
if row[1] ~= ARGV[3] then
  return { 'conflict' }
end
local joining = row[3]

local epoch, offset
local function open_feed()
  renew_if_behind(feed, ARGV[22], ARGV[23], ARGV[18])
  local found = redis.call('HMGET', feed, 'epoch', 'offset')
  epoch, offset = found[1], tonumber(found[2] or '0')
  if not epoch then
    epoch = ARGV[18]
    redis.call('HSET', feed, 'epoch', epoch, 'offset', 0)
  end
  sample_age(base, now, ttl, offset)
end

local tickets = {}
local function open_ticket(case)
  local ticket = tickets[case]
  if not ticket then
    local found = redis.call('HMGET', base .. 'ticket:' .. case, 'last', 'trimmed', 'status')
    ticket = { last = tonumber(found[1] or '0'), trimmed = found[2] or '0', status = found[3] }
    -- Left behind by an earlier life of the feed: its offsets mean nothing in this one.
    if ticket.last > offset then
      redis.call('DEL', base .. 'history:' .. case)
      ticket.last, ticket.trimmed = 0, string.format('%.0f', offset)
    end
    ticket.length = redis.call('XLEN', base .. 'history:' .. case)
    ticket.placed = redis.call('HEXISTS', base .. 'place', case) == 1
    tickets[case] = ticket
  end
  return ticket
end

local function is_news(ticket, kind, case, what)
  if not ticket.placed then
    return false -- Nobody wants it any more; who wants it again finds it again.
  end
  if kind == 's' then
    return ticket.status ~= what
  end
  return redis.call('ZADD', base .. 'delivered:' .. case, 'NX', offset + 1, what) == 1
end

local published = 0
local history_max = tonumber(ARGV[15])
for i = 25, #ARGV, 6 do
  if not epoch then
    open_feed()
  end
  local kind, case, what = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  local ticket = open_ticket(case)
  if is_news(ticket, kind, case, what) then
    offset = offset + 1
    published = published + 1
    local history, place = base .. 'history:' .. case, string.format('%.0f', offset)
    if ticket.length >= history_max then
      local oldest = redis.call('XRANGE', history, '-', '+', 'COUNT', 1)[1]
      ticket.trimmed = oldest and string.match(oldest[1], '^%d+') or ticket.trimmed
    else
      ticket.length = ticket.length + 1
    end
    local body = kind == 's' and what or ARGV[i + 5]
    local previous = string.format('%.0f', ticket.last)
    local text = table.concat({ kind, epoch, place, previous, ARGV[i + 3], ARGV[i + 4], body }, ' ')
    redis.call('XADD', history, 'MAXLEN', '=', history_max, place .. '-0', 'p', text)
    redis.call(publish, base .. 'news:' .. case, text)
    ticket.last, ticket.changed = offset, true
    if kind == 's' then
      ticket.status = what
    end
  end
end
for case, ticket in pairs(tickets) do
  if ticket.changed then
    local key = base .. 'ticket:' .. case
    redis.call('HSET', key, 'last', string.format('%.0f', ticket.last), 'trimmed', ticket.trimmed)
    if ticket.status then
      redis.call('HSET', key, 'status', ticket.status)
    end
    redis.call('PEXPIRE', base .. 'history:' .. case, ttl)
    redis.call('ZREMRANGEBYRANK', base .. 'delivered:' .. case, 0, -tonumber(ARGV[19]) - 1)
  end
end

local fence = next_fence(row[1], now)
local due = published > 0 and ARGV[9] or ARGV[10]
-- A hint that came while this poll was in flight: it may have been answered before what was hinted at.
local again = row[4]
if again ~= '' and tonumber(again) < tonumber(due) then
  due = again
end
local hold, holder = '0', ''
local unsettled = is_unsettled(base, now)
if ARGV[5] == 'more' then
  hold = ARGV[6]
elseif ARGV[5] == 'rest' and not unsettled and tonumber(due) - now <= tonumber(ARGV[8]) then
  hold, holder = string.format('%.0f', tonumber(due) + tonumber(ARGV[6])), ARGV[7]
end
local fields = { 'fence', fence, 'hold', hold, 'holder', holder, 'due', due }
local function learn(...)
  for _, value in ipairs({ ... }) do
    fields[#fields + 1] = value
  end
end
if published > 0 then
  redis.call('HSET', feed, 'offset', string.format('%.0f', offset))
  learn('lively', ARGV[4])
end
if ARGV[11] == '1' then
  learn('trail', ARGV[12], 'digest', ARGV[13], 'order', ARGV[14])
end
if ARGV[24] ~= '-' then
  learn('search', ARGV[24])
end
if again ~= '' then
  learn('again', '', 'hinted', again)
end
if row[2] ~= '0' then
  learn('failures', '0')
  set_well(base, publish, id, ARGV[4])
end
if ARGV[20] ~= '' then
  local primed = contains(split(ARGV[20]))
  local members = split(redis.call('HGET', set, 'members'))
  for _, case in ipairs(only(joining, primed, true)) do
    members[#members + 1] = case
    take_back(base, publish, case)
  end
  joining = table.concat(only(joining, primed, false), '\n')
  learn('members', table.concat(members, '\n'), 'joining', joining)
end
redis.call('HSET', set, unpack(fields))
redis.call('ZADD', base .. 'due', due, id)
local position = { epoch or '', offset and string.format('%.0f', offset) or '' }
local answer = { 'committed', fence, published, due, joining ~= '' and 1 or 0, holder ~= '' and 1 or 0, unpack(position) }
if ARGV[20] ~= '' or unsettled then
  for _, changed in ipairs(pack(base, publish, tonumber(ARGV[21]), now)) do
    answer[#answer + 1] = changed
  end
end
return answer
