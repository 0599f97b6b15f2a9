-- When a feed begins a new epoch. Redis may come back without its last second: its append-only file was not on disk
-- yet, or a replica took over. Then the feed has fewer publications than a process or a client has seen. It continues to
-- count from what it has, under a new epoch, so that no position ever names two publications.

-- @include _losses
-- @constant HISTORY_TTL_MS

-- Samples that are recorded within the time that history is kept (_horizon.lua), and publications per millisecond at most.
local SAMPLED, RATE = 24, 1

-- Gives a feed its first epoch. Returns whether it had none. The hash of a feed can be lost alone: then the feed counts on
-- far behind the newest sample, so that no offset that was given since then is given again.
local function begin_epoch(base, new_epoch)
  local feed = base .. 'feed'
  if redis.call('HSETNX', feed, 'epoch', new_epoch) == 0 then
    return false
  end
  local sample, offset = redis.call('ZRANGE', base .. 'ages', -1, -1)[1], 0
  if sample then
    offset = tonumber(sample) + math.ceil(HISTORY_TTL_MS / SAMPLED) * RATE
    note_loss(base)
  end
  redis.call('HSET', feed, 'offset', string.format('%.0f', offset))
  return true
end

-- A worker, a gateway or a client names the position that it has seen of the feed. A client's position is signed: it cannot
-- be invented. If workers and gateways were restarted as well, only clients know that publications are missing.
local function renew_if_behind(feed, known, new_epoch)
  local row = redis.call('HMGET', feed, 'epoch', 'offset')
  if row[1] and row[1] == known.epoch and tonumber(row[2] or 0) < known.offset then
    redis.call('HSET', feed, 'epoch', new_epoch)
  end
end
