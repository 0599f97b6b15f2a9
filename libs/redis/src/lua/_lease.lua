-- The lease of a ticket set: the right of one worker, its owner, to send requests for the set until the lease ends
-- (core/polling/set-lease.ts). Two fields of the set keep it: `hold` is its end in ms, `holder` its owner.
-- @constant RESERVATIONS_SUSPENDED_MS

-- The end of a lease that was ended early: any time that has passed.
local ENDED = 0

local function is_leased(hold, now)
  return tonumber(hold) > now
end

local function take_lease(set, owner, ends)
  redis.call('HSET', set, 'hold', ends, 'holder', owner)
end

local function end_lease(set)
  redis.call('HSET', set, 'hold', ENDED)
end

-- The owner of a reserved set polls it without a call to Redis. So no script changes the tickets of a leased set: its owner
-- might learn of it too late. A script that has to change one suspends the reservations of the feed for a while. Then
-- each set is free between two polls, and each commit packs what can be packed.
local function suspend_reservations(base, now)
  redis.call('HSET', base .. 'feed', 'unsettled', now + RESERVATIONS_SUSPENDED_MS)
end

local function are_reservations_suspended(base, now)
  return tonumber(redis.call('HGET', base .. 'feed', 'unsettled') or 0) > now
end

-- Whether a set may be changed, as far as its lease goes.
local function is_free_to_change(base, hold, now)
  if is_leased(hold, now) then
    suspend_reservations(base, now)
    return false
  end
  return true
end
