--[[
  commit: one poll's result in one atomic step (invariant 2): compares the fence, appends publications, records what
  was delivered, advances the cursor, publishes. If the worker is killed before it, nothing happened; if after it, all
  of it did.

  KEYS       1 what no key is called  2 set  3 feed hash  4 due  5 failing; if there are entries 6 place  7 ages, and of
             each of their tickets ticket, history, delivered; if tickets are backfilled apart, and ticket of each
  Arguments  base, id    what the feed's keys begin with, set id
             fence       the poll began with it
             now         ms
             entries     what the poll found, in order, each
                         {kind: 'm', case, identity, class: or absent, seenAt: ms, sentAt: ms or absent,
                         message: JSON text}, all messages of a class that the answer has,
                         or {kind: 's', case, status, seenAt: ms}
             lease       what becomes of the lease: {kind: 'extend', until: ms since 1970},
                         {kind: 'reserve', leaseMs: it lasts so long after the set is due} or absent: it ends
             due         {active, idle}: when the set is due if something was published, and if nothing was; absent
                         to leave it as it is
             learned     {cursorHistory: JSON text or '', answerDigest: or '', order}, absent to leave them as they are
             backfilled  tickets that are members from now on
             bisection   the bisection as text, '' where it is over, absent to leave it as it is
             known       {epoch, offset} that the worker knows of, or absent
             newEpoch    for a feed that has no epoch, or begins a new one
             trace       `traceparent` of W3C Trace Context, for those who hear the publications; absent: not traced
  Returns {'gone'} | {'conflict'} |
          {'committed', fence, published, due, 1 if tickets wait to join, 1 if reserved, epoch, offset,
           1 if thin sets are to be merged}, epoch and offset empty where there were no entries
]]
-- @include _epoch
-- @include _fence
-- @include _health
-- @include _horizon
-- @include _lease
-- @include _lists
-- @include _losses
-- @include _names
-- @include _pause
-- @include _quarantine
-- @include _tickets
-- @constant HISTORY_MAX_EVENTS, HISTORY_TTL_MS, PUBLISH, RESERVATION_MAX_MS
local args = cjson.decode(ARGV[1])
local base, id, now = args.base, args.id, args.now
local set, feed = base .. 'set:' .. id, base .. 'feed'
local row = redis.call('HMGET', set, 'fence', 'failures', 'joining', 'again', 'due')
if not row[1] then
  return { 'gone' }
end
if tonumber(row[1]) ~= args.fence then
  return { 'conflict' }
end
local joining = row[3]

local epoch, offset
local function open_feed()
  if args.known then
    renew_if_behind(feed, args.known, args.newEpoch)
  end
  begin_epoch(base, args.newEpoch)
  local found = redis.call('HMGET', feed, 'epoch', 'offset')
  epoch, offset = found[1], tonumber(found[2])
  record_sample(base, now, offset)
end

-- The set names its tickets, too: `place` can be lost alone (audit.lua makes it again).
local members
local function is_listed(case)
  members = members or names_of(split(redis.call('HGET', set, 'members') .. '\n' .. joining))
  return members[case]
end

local tickets = {}
local function open_ticket(case)
  local ticket = tickets[case]
  if not ticket then
    local found = read_ticket(base, case)
    if found.was_lost then
      note_loss(base)
    end
    ticket = { last = tonumber(found[1] or 0), trimmed = found[2] or horizon(base, now), status = tonumber(found[3] or nil),
      messages = found[4], is_changed = found.was_lost, classes = {}, names = open_names(base, case, found[5]) }
    -- Left by an earlier epoch of the feed: its offsets mean nothing in this one.
    if ticket.last > offset then
      redis.call('DEL', base .. 'history:' .. case)
      ticket.last, ticket.trimmed = 0, offset
    end
    ticket.length = redis.call('XLEN', base .. 'history:' .. case)
    if ticket.length == 0 then
      ticket.trimmed = math.max(tonumber(ticket.trimmed), ticket.last) -- The history that it had has ended.
    end
    ticket.has_place = redis.call('HEXISTS', base .. 'place', case) == 1 or is_listed(case)
    tickets[case] = ticket
  end
  return ticket
end

-- The k-th delivered message of a class, as it is named beside the identities.
local function class_name(class, k)
  return '~' .. class .. '.' .. k
end

-- A class of a ticket's messages: how many were delivered, and how many of those the poll has found so far.
local function open_class(ticket, entry)
  local class = ticket.classes[entry.class]
  if not class then
    class = { delivered = 0, found = 0 }
    while name_offset(ticket.names, class_name(entry.class, class.delivered + 1)) do
      class.delivered = class.delivered + 1
    end
    ticket.classes[entry.class] = class
  end
  return class
end

local function add_class_name(ticket, entry, class)
  class.delivered = class.delivered + 1
  add_name(ticket.names, class_name(entry.class, class.delivered), offset + 1)
end

-- Identities come first: they are exact, and a message that a release without classes has delivered has no other name.
local function find_identity(ticket, entry)
  entry.is_known = name_offset(ticket.names, entry.identity)
  if entry.class then
    local class = open_class(ticket, entry)
    class.found = class.found + (entry.is_known and 1 or 0)
  end
end

local function is_new_message(ticket, entry)
  local class = ticket.classes[entry.class or '']
  if entry.is_known then
    if class and class.delivered < class.found then
      add_class_name(ticket, entry, class)
    end
    return false
  end
  if class and class.delivered > class.found then
    class.found = class.found + 1
    return false -- It was delivered in another form.
  end
  if name_offset(ticket.names, entry.identity) then
    return false
  end
  add_name(ticket.names, entry.identity, offset + 1)
  if class then
    class.found = class.found + 1
    add_class_name(ticket, entry, class)
  end
  return true
end

-- The names of a ticket's messages can be lost alone. History has those of its publications. If history is not whole, a
-- message that is not among them may be an old one: `?` notes that.
local function recover_names(ticket, case)
  note_loss(base)
  local counts = {}
  local events = redis.call('XRANGE', base .. 'history:' .. case, '-', '+')
  local is_whole = events[1] and previous_of(events[1]) == '0'
  for _, event in ipairs(events) do
    local at, identity, class = string.match(event[1], '^%d+'), event[2][4], event[2][6]
    if identity then
      add_name(ticket.names, identity, at)
    elseif string.sub(text_of(event), 1, 1) == 'm' then
      is_whole = false -- A worker of an earlier release wrote it.
    end
    if class and class ~= '' then
      counts[class] = (counts[class] or 0) + 1
      add_name(ticket.names, class_name(class, counts[class]), at)
    end
  end
  if not is_whole then
    ticket.messages, ticket.is_changed = '?', true
  end
end

local function prove_names(ticket, case)
  if ticket.messages == '1' and not ticket.are_names_proven then
    ticket.are_names_proven = true
    if not has_names(ticket.names) then
      recover_names(ticket, case)
    end
  end
end

-- Messages may come again, and their clients are told first. History begins behind an offset that no publication has, so a
-- client that has less than that misses something (gap).
local function cut_history(ticket, case)
  redis.call('DEL', base .. 'history:' .. case)
  offset = offset + 1
  ticket.last, ticket.trimmed, ticket.length = offset, offset, 0
end

local function is_new(ticket, entry)
  if not ticket.has_place then
    return false -- Nobody wants the ticket any more. A client that wants it again finds this again.
  end
  if entry.kind == 's' then
    return ticket.status ~= entry.status
  end
  return is_new_message(ticket, entry)
end

-- `kind epoch offset previous seenAt sentAt|- message|status`, as libs/redis/src/publication-text.ts reads it. The trace
-- stands where a gateway of the release before reads nothing: behind the kind of a message, and as the time of a status.
local function publication_text(ticket, entry, trace)
  local kind, sent_at = entry.kind, entry.sentAt and string.format('%.0f', entry.sentAt) or '-'
  if trace and kind == 'm' then
    kind = kind .. ';' .. trace
  elseif trace then
    sent_at = trace
  end
  local head = string.format('%s %s %.0f %.0f %.0f %s ', kind, epoch, offset, ticket.last, entry.seenAt, sent_at)
  return head .. (entry.message or string.format('%.0f', entry.status))
end

local function publish(ticket, entry)
  local history = base .. 'history:' .. entry.case
  if ticket.length >= HISTORY_MAX_EVENTS then
    local oldest = redis.call('XRANGE', history, '-', '+', 'COUNT', 1)[1]
    ticket.trimmed = oldest and string.match(oldest[1], '^%d+') or ticket.trimmed
  else
    ticket.length = ticket.length + 1
  end
  local text = publication_text(ticket, entry)
  local fields = { 'p', text }
  if entry.identity then
    fields = { 'p', text, 'i', entry.identity, 'c', entry.class or '' }
  end
  redis.call('XADD', history, 'MAXLEN', '=', HISTORY_MAX_EVENTS, string.format('%.0f-0', offset), unpack(fields))
  redis.call(PUBLISH, base .. 'news:' .. entry.case, args.trace and publication_text(ticket, entry, args.trace) or text)
  ticket.last, ticket.is_changed = offset, true
  ticket.status = entry.status or ticket.status
end

if #args.entries > 0 then
  open_feed()
end
for _, entry in ipairs(args.entries) do
  local ticket = open_ticket(entry.case)
  if entry.kind == 'm' then
    prove_names(ticket, entry.case)
    find_identity(ticket, entry)
  end
end
local published = 0
for _, entry in ipairs(args.entries) do
  local ticket = tickets[entry.case]
  if is_new(ticket, entry) then
    if entry.kind == 'm' then
      if ticket.messages == '?' then
        cut_history(ticket, entry.case)
      end
      ticket.messages = '1'
    end
    offset = offset + 1
    published = published + 1
    publish(ticket, entry)
  end
end
for case, ticket in pairs(tickets) do
  if ticket.is_changed then
    write_ticket(base, case, ticket.last, ticket.trimmed, ticket.status, ticket.messages)
    redis.call('PEXPIRE', base .. 'history:' .. case, HISTORY_TTL_MS)
  end
  save_names(ticket.names)
end

local fence = next_fence(row[1], now)
local due, again = tonumber(row[5]), tonumber(row[4])
if args.due then
  due = published > 0 and args.due.active or args.due.idle
  if again then
    due = math.min(due, again) -- A hint came while this poll was in flight, and may be about what it did not show.
  end
end
local is_suspended = are_reservations_suspended(base, now)
local lease = args.lease or { kind = 'end' }
local is_reserved = lease.kind == 'reserve' and not is_suspended and due - now <= RESERVATION_MAX_MS
  and not is_paused(base)
local ends = ENDED
if lease.kind == 'extend' then
  ends = lease['until']
elseif is_reserved then
  ends = due + lease.leaseMs
end
local fields = { 'fence', fence, 'hold', ends, 'due', due }
local function write(...)
  for _, value in ipairs({ ... }) do
    fields[#fields + 1] = value
  end
end
if published > 0 then
  redis.call('HSET', feed, 'offset', offset)
  write('lively', now)
end
if args.due then
  write('answered', now) -- Else only some of its tickets were asked for.
end
if args.learned then
  write('trail', args.learned.cursorHistory, 'digest', args.learned.answerDigest, 'order', args.learned.order)
end
if args.bisection then
  write('search', args.bisection)
end
if again and args.due then
  write('again', '')
end
if #args.entries > 0 then
  write('unknown', '')
end
if row[2] ~= '0' then
  write('failures', 0)
  set_well(base, id, now)
end
if #args.backfilled > 0 then
  local names = names_of(args.backfilled)
  local joined = within(joining, names)
  local awaited = {}
  for _, case in ipairs(joined) do
    end_quarantine(base, case)
    if redis.call('HDEL', base .. 'ticket:' .. case, 'awaited') == 1 then
      awaited[#awaited + 1] = case
    end
  end
  if #awaited > 0 then
    redis.call(PUBLISH, base .. 'backfilled', table.concat(awaited, ' '))
  end
  joining = table.concat(without(joining, names), '\n')
  local members = redis.call('HGET', set, 'members')
  if members == '' and #args.entries == 0 then
    write('unknown', '1') -- The upstream answered, and showed nothing of any of its tickets.
  end
  write('members', #joined > 0 and append(members, joined) or members, 'joining', joining)
end
redis.call('HSET', set, unpack(fields))
redis.call('ZADD', base .. 'due', due, id)
local may_pack = #args.backfilled > 0 or is_suspended
return { 'committed', fence, published, due, joining ~= '' and 1 or 0, is_reserved and 1 or 0, epoch or '', offset or '',
  may_pack and 1 or 0 }
