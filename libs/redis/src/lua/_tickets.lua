-- What is kept of one ticket besides its history.
-- @include _horizon

-- Keeps what is known of a ticket while it is wanted. The history of a new ticket is known to be whole only from now on.
local function keep_ticket(base, case, now)
  local ticket = base .. 'ticket:' .. case
  if redis.call('PERSIST', ticket) == 0 and redis.call('EXISTS', ticket) == 0 then
    redis.call('HSET', ticket, 'last', 0, 'trimmed', horizon(base, now))
  end
  redis.call('PERSIST', base .. 'delivered:' .. case)
end
