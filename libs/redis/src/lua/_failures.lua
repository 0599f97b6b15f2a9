-- A failed poll of a set is counted, and says when the set is polled again.
-- @include _health
-- @include _sets
-- @constant DEGRADED_AFTER_FAILURES

-- reason: what clients are told once so many polls in a row have failed, nil where they are not told.
local function count_failure(base, id, now, due, reason)
  local failures = redis.call('HINCRBY', base .. 'set:' .. id, 'failures', 1)
  set_due(base, id, due)
  if reason and failures >= DEGRADED_AFTER_FAILURES then
    set_failing(base, id, now, reason)
  end
end
