-- Tickets that the upstream refuses are quarantined: they have no place in a set. When the time of its quarantine has
-- passed, a ticket gets a set of its own and is polled there. The quarantine ends when the upstream answers for it.
-- @include _sets
-- @include _tickets
-- @constant PUBLISH, QUARANTINE_FIRST_MS, QUARANTINE_MAX_MS

-- Tickets that one call gives a set of their own: each costs one request.
local RETRIED_AT_ONCE = 20

local function is_quarantined(base, case)
  return redis.call('ZSCORE', base .. 'apart', case)
end

-- Begins a ticket's quarantine, or begins it again for twice as long.
local function quarantine(base, case, now)
  local refusals = redis.call('HINCRBY', base .. 'ticket:' .. case, 'refusals', 1)
  local wait = math.min(QUARANTINE_MAX_MS, QUARANTINE_FIRST_MS * 2 ^ math.min(refusals - 1, 20))
  if not is_quarantined(base, case) then
    redis.call(PUBLISH, base .. 'news', 'apart ' .. case)
  end
  redis.call('ZADD', base .. 'apart', now + wait, case)
end

-- The upstream answered for the ticket.
local function end_quarantine(base, case)
  local was_apart = redis.call('ZREM', base .. 'apart', case) == 1
  local was_refused = redis.call('HDEL', base .. 'ticket:' .. case, 'refusals') == 1
  if was_apart or was_refused then -- Either of the two keys can be lost alone.
    redis.call(PUBLISH, base .. 'news', 'back ' .. case)
  end
end

-- The tickets whose time has passed.
local function quarantined_until(base, now)
  return redis.call('ZRANGEBYSCORE', base .. 'apart', '-inf', now, 'LIMIT', 0, RETRIED_AT_ONCE)
end

-- Gives tickets a set of their own. Tickets that nobody wants are forgotten.
local function retry_quarantined(base, cases, now)
  for _, case in ipairs(cases) do
    if redis.call('ZSCORE', base .. 'interest', case) then
      local id = new_set(base, now, now)
      redis.call('HSET', base .. 'set:' .. id, 'joining', case)
      redis.call('ZADD', base .. 'sizes', 1, id)
      redis.call('HSET', base .. 'place', case, id)
      redis.call('ZADD', base .. 'apart', '+inf', case)
      keep_ticket(base, case, now)
      if tonumber(redis.call('HGET', base .. 'ticket:' .. case, 'last') or 0) == 0 then
        redis.call('HSET', base .. 'set:' .. id, 'unknown', '1')
      end
    else
      redis.call('ZREM', base .. 'apart', case)
      redis.call('HDEL', base .. 'ticket:' .. case, 'refusals')
    end
  end
end
