-- Positions older than the history's life cannot be proven whole. Now and then a commit samples {time, offset}; the
-- horizon is the oldest sample within the history's life: everything after it is younger, hence still kept.

local function horizon(base, now, ttl)
  local sample = redis.call('ZRANGEBYSCORE', base .. 'ages', now - ttl, '+inf', 'LIMIT', 0, 1)[1]
  return sample or redis.call('HGET', base .. 'feed', 'offset') or '0'
end

local function sample_age(base, now, ttl, offset)
  local key = base .. 'ages'
  local newest = redis.call('ZRANGE', key, -1, -1, 'WITHSCORES')
  if not newest[2] or now - tonumber(newest[2]) > ttl / 24 then
    redis.call('ZADD', key, now, offset)
    redis.call('ZREMRANGEBYSCORE', key, '-inf', '(' .. string.format('%.0f', now - 2 * ttl))
    redis.call('PEXPIRE', key, 2 * ttl)
  end
end
