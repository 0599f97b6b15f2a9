-- A feed is degraded while any of its sets fails. Told once, when it changes.

local function tell(base, publish, state)
  redis.call(publish, base .. 'news', state)
end

local function set_failing(base, publish, id, now, reason)
  redis.call('SADD', base .. 'failing', id)
  if redis.call('HGET', base .. 'feed', 'state') ~= 'degraded' then
    redis.call('HSET', base .. 'feed', 'state', 'degraded', 'reason', reason, 'since', now)
    tell(base, publish, 'degraded ' .. now .. ' ' .. reason)
  end
end

local function set_well(base, publish, id, now)
  if redis.call('SREM', base .. 'failing', id) == 1 and redis.call('EXISTS', base .. 'failing') == 0 then
    redis.call('HSET', base .. 'feed', 'state', 'ok', 'since', now)
    redis.call('HDEL', base .. 'feed', 'reason')
    tell(base, publish, 'ok ' .. now)
  end
end
