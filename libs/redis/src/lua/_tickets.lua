-- What is kept of one ticket beside its history.
-- @include _horizon

-- Keeps what is known of a ticket for as long as it is wanted. Of a ticket that is new nothing older than now is
-- proven to be whole.
local function keep_ticket(base, case, now)
  local ticket = base .. 'ticket:' .. case
  if redis.call('PERSIST', ticket) == 0 and redis.call('EXISTS', ticket) == 0 then
    redis.call('HSET', ticket, 'last', 0, 'trimmed', horizon(base, now))
  end
  redis.call('PERSIST', base .. 'delivered:' .. case)
end
