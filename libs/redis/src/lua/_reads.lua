-- What the scripts that read history share: history.lua, page.lua, extent.lua and slice.lua.
-- @include _epoch
-- @include _horizon
-- @include _tickets
-- @constant HISTORY_TTL_MS

-- A feed that is not there gets an epoch, so that its positions mean something. It ends again if nobody wants it.
local function open_read_feed(base, new_epoch)
  if begin_epoch(base, new_epoch) then
    redis.call('PEXPIRE', base .. 'feed', 2 * HISTORY_TTL_MS)
  end
end

-- The offset of an event of a history.
local function offset_of(event)
  return tonumber(string.match(event[1], '^%d+'))
end

-- `last` and `trimmed` of a ticket (read_ticket in _tickets.lua), from one or two events of its history where its hash is lost.
local function ends_of(base, case)
  local row = redis.call('HMGET', base .. 'ticket:' .. case, 'last', 'trimmed')
  local history = base .. 'history:' .. case
  local oldest = not row[1] and redis.call('XRANGE', history, '-', '+', 'COUNT', 1)[1]
  if oldest then
    local newest = redis.call('XREVRANGE', history, '+', '-', 'COUNT', 1)[1]
    return { string.match(newest[1], '^%d+'), previous_of(oldest) }
  end
  return row
end

-- The offset at which the history of a ticket begins, if everything that is kept was read. If nothing is kept, it is `last`
-- (a history that has ended) or `trimmed` (a ticket that is wanted again after its other data has ended).
local function beginning(base, case, length, now)
  local found = ends_of(base, case)
  if not found[1] then
    return horizon(base, now)
  end
  return length == 0 and math.max(tonumber(found[1]), tonumber(found[2])) or found[2]
end
