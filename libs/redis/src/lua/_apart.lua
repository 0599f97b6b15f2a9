-- Tickets that the upstream refuses. They have no place in a set until they are polled again, each in a set of its own.

-- Brought back by one call: they cost one request each.
local BACK_AT_ONCE = 20

local function is_apart(base, case)
  return redis.call('ZSCORE', base .. 'apart', case)
end

-- What is known of a ticket stays for as long as it is wanted.
local function keep_ticket(base, case, now, ttl)
  local ticket = base .. 'ticket:' .. case
  if redis.call('PERSIST', ticket) == 0 and redis.call('EXISTS', ticket) == 0 then
    redis.call('HSET', ticket, 'last', '0', 'trimmed', horizon(base, now, ttl))
  end
  redis.call('PERSIST', base .. 'delivered:' .. case)
end

local function put_apart(base, publish, case, now, first, longest)
  local refusals = redis.call('HINCRBY', base .. 'ticket:' .. case, 'refusals', 1)
  local wait = math.min(longest, first * 2 ^ math.min(refusals - 1, 20))
  if not is_apart(base, case) then
    redis.call(publish, base .. 'news', 'apart ' .. case)
  end
  redis.call('ZADD', base .. 'apart', string.format('%.0f', now + wait), case)
end

-- The upstream answered for it.
local function take_back(base, publish, case)
  if redis.call('ZREM', base .. 'apart', case) == 1 then
    redis.call('HDEL', base .. 'ticket:' .. case, 'refusals')
    redis.call(publish, base .. 'news', 'back ' .. case)
  end
end

local function bring_back(base, now, ttl)
  for _, case in ipairs(redis.call('ZRANGEBYSCORE', base .. 'apart', '-inf', now, 'LIMIT', 0, BACK_AT_ONCE)) do
    if redis.call('ZSCORE', base .. 'interest', case) then
      local id = new_set(base, now, now)
      redis.call('HSET', base .. 'set:' .. id, 'joining', case)
      redis.call('ZADD', base .. 'sizes', 1, id)
      redis.call('HSET', base .. 'place', case, id)
      redis.call('ZADD', base .. 'apart', '+inf', case)
      keep_ticket(base, case, now, ttl)
    else
      redis.call('ZREM', base .. 'apart', case)
      redis.call('HDEL', base .. 'ticket:' .. case, 'refusals')
    end
  end
end
