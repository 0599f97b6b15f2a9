-- An operator may pause a feed: its sets are not polled until it goes on. A worker looks again after a while.
local PAUSED_LOOK_MS = 2000

local function is_paused(base)
  return redis.call('HEXISTS', base .. 'feed', 'paused') == 1
end
