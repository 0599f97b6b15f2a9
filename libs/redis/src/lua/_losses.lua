-- Keys that are lost one by one: deleted by hand, or evicted. Those that were made again are counted in the feed, until a
-- sweep tells the worker.

-- Whether the hash of any of these sets is lost. The caller runs audit.lua, and then the script again.
local function are_lost(base, ids)
  for _, id in ipairs(ids) do
    if redis.call('EXISTS', base .. 'set:' .. id) == 0 then
      return true
    end
  end
  return false
end

local function note_loss(base)
  redis.call('HINCRBY', base .. 'feed', 'lost', 1)
end

local function take_losses(base)
  local losses = redis.call('HGET', base .. 'feed', 'lost')
  if losses then
    redis.call('HDEL', base .. 'feed', 'lost')
  end
  return tonumber(losses or 0)
end
