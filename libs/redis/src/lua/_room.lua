-- Room in the ticket sets of a feed.
-- @constant UPSTREAM_MAX_CASE_IDS

-- Whether one set less would have room for all tickets.
local function is_one_too_many(base)
  local sets, tickets = redis.call('ZCARD', base .. 'sizes'), redis.call('HLEN', base .. 'place')
  return sets >= 2 and (sets - 1) * UPSTREAM_MAX_CASE_IDS >= tickets
end
