-- Counts a failed poll of a set, and sets the time of its next poll.
-- @include _health
-- @include _sets
-- @constant DEGRADED_AFTER_FAILURES

-- reason: what clients are told after DEGRADED_AFTER_FAILURES failed polls in a row; nil if they are not told, because the
-- upstream refuses something that is searched for. Operators are told each time (`error`, `failed`).
local function count_failure(base, id, now, due, reason)
  local failures = redis.call('HINCRBY', base .. 'set:' .. id, 'failures', 1)
  redis.call('HSET', base .. 'set:' .. id, 'error', reason or 'upstream_refused', 'failed', now)
  set_due(base, id, due)
  if reason and failures >= DEGRADED_AFTER_FAILURES then
    set_failing(base, id, now, reason)
  end
end
