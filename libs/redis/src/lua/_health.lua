-- A feed is degraded while any of its sets fails. Its clients are told when that changes.
-- @constant PUBLISH

local function tell(base, state)
  redis.call(PUBLISH, base .. 'news', state)
end

local function set_failing(base, id, now, reason)
  redis.call('SADD', base .. 'failing', id)
  if redis.call('HGET', base .. 'feed', 'state') ~= 'degraded' then
    redis.call('HSET', base .. 'feed', 'state', 'degraded', 'reason', reason, 'since', now)
    tell(base, string.format('degraded %.0f %s', now, reason))
  end
end

local function set_well(base, id, now)
  local was_failing = redis.call('SREM', base .. 'failing', id) == 1
  -- Either of the two keys can be lost alone.
  local is_told = was_failing or redis.call('HGET', base .. 'feed', 'state') == 'degraded'
  if is_told and redis.call('EXISTS', base .. 'failing') == 0 then
    redis.call('HSET', base .. 'feed', 'state', 'ok', 'since', now)
    redis.call('HDEL', base .. 'feed', 'reason')
    tell(base, string.format('ok %.0f', now))
  end
end
