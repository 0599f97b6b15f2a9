-- What is kept of one ticket besides its history.
-- @include _horizon
-- @include _losses

-- The text of a publication in a history, and its previous offset in it (libs/redis/src/publication-text.ts).
local function text_of(event)
  return event[2][2]
end
local function previous_of(event)
  return string.match(text_of(event), '^%a %S+ %d+ (%d+) ')
end

-- What is known of a ticket: {last, trimmed, status, messages, names, was_lost}, false where it is not known. The hash of a ticket
-- can be lost alone: its history says the same, but for the time before its oldest publication.
local function read_ticket(base, case)
  local row = redis.call('HMGET', base .. 'ticket:' .. case, 'last', 'trimmed', 'status', 'messages', 'names')
  if row[1] then
    return row
  end
  local events = redis.call('XRANGE', base .. 'history:' .. case, '-', '+')
  if #events == 0 then
    return row
  end
  row[1], row[2], row.was_lost = string.match(events[#events][1], '^%d+'), previous_of(events[1]), true
  for i = #events, 1, -1 do
    local text = text_of(events[i])
    if string.sub(text, 1, 1) == 'm' then
      row[4] = '1'
    else
      row[3] = row[3] or string.match(text, '%d+$')
    end
  end
  return row
end

local function write_ticket(base, case, last, trimmed, status, messages)
  local fields = { 'last', last, 'trimmed', trimmed }
  for name, value in pairs({ status = status, messages = messages }) do
    if value then
      fields[#fields + 1] = name
      fields[#fields + 1] = value
    end
  end
  redis.call('HSET', base .. 'ticket:' .. case, unpack(fields))
end

-- Keeps what is known of a ticket while it is wanted. The history of a new ticket is known to be whole only from now on.
local function keep_ticket(base, case, now)
  local ticket = base .. 'ticket:' .. case
  if redis.call('PERSIST', ticket) == 0 and redis.call('HEXISTS', ticket, 'last') == 0 then
    local row = read_ticket(base, case)
    if row.was_lost then
      note_loss(base)
    end
    write_ticket(base, case, row[1] or 0, row[2] or horizon(base, now), row[3], row[4])
    if not row[1] then
      redis.call('HSET', ticket, 'since', horizon(base, now))
    end
  end
  redis.call('PERSIST', base .. 'delivered:' .. case)
end
