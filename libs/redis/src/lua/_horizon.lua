-- History is kept for HISTORY_TTL_MS, hence a position that is older cannot be proven whole. Commits record a sample
-- {offset, time} now and then. The horizon is the oldest sample within that time: everything after it is still kept.
-- @constant HISTORY_TTL_MS

-- Samples that are recorded within the time that history is kept.
local SAMPLES = 24

local function horizon(base, now)
  local sample = redis.call('ZRANGEBYSCORE', base .. 'ages', now - HISTORY_TTL_MS, '+inf', 'LIMIT', 0, 1)[1]
  return sample or redis.call('HGET', base .. 'feed', 'offset') or '0'
end

local function record_sample(base, now, offset)
  local key = base .. 'ages'
  local newest = redis.call('ZRANGE', key, -1, -1, 'WITHSCORES')
  if not newest[2] or now - tonumber(newest[2]) > HISTORY_TTL_MS / SAMPLES then
    redis.call('ZADD', key, now, offset)
    redis.call('ZREMRANGEBYSCORE', key, '-inf', string.format('(%.0f', now - 2 * HISTORY_TTL_MS))
    redis.call('PEXPIRE', key, 2 * HISTORY_TTL_MS)
  end
end
