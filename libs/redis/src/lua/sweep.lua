--[[
  sweep: takes tickets whose interest has ended off their sets, ends sets that are empty, and gives quarantined tickets
  whose time has passed a set of their own. What was delivered of a ticket and its history stay for HISTORY_TTL_MS, so
  that a ticket that comes back neither loses nor doubles.
  Leased sets are left for the next call: a ticket that came back meanwhile would be polled twice at once.

  KEYS       1 what no key is called  2 feed hash  3 interest  4 place  5 apart  6 due  7 sizes  8 failing
             9 ages, then of each ticket that leaves or is polled again ticket and delivered, the sets of those that
             leave, sets that may be made
  Arguments  base  what the feed's keys begin with
             now   ms
             most  tickets that may leave in one call
  Returns {'undeclared', keys that are missing here..} |
          {how many tickets left, how often keys were lost, ids of sets that changed..}
]]
-- @include _fence
-- @include _keys
-- @include _lease
-- @include _losses
-- @include _quarantine
-- @include _sets
-- @constant HISTORY_TTL_MS
local args = cjson.decode(ARGV[1])
local base, now = args.base, args.now

local function may_be_left(id)
  local hold = redis.call('HGET', base .. 'set:' .. id, 'hold')
  return not hold or is_free_to_change(base, hold, now)
end

local ended = redis.call('ZRANGEBYSCORE', base .. 'interest', '-inf', now, 'LIMIT', 0, args.most)
for _, case in ipairs(ended) do
  local id = redis.call('HGET', base .. 'place', case)
  need_ticket(base, case)
  if id then
    need(base .. 'set:' .. id)
  end
end
local retried = quarantined_until(base, now)
for _, case in ipairs(retried) do
  need_ticket(base, case)
end
if #retried > 0 then
  need_new_sets(base, #retried)
end
if is_undeclared() then
  return undeclared
end

-- By set id: the tickets that leave it, or false for a leased set.
local leaving, left = {}, 0
for _, case in ipairs(ended) do
  local id = redis.call('HGET', base .. 'place', case)
  if id and leaving[id] == nil then
    leaving[id] = may_be_left(id) and {}
  end
  if not id or leaving[id] then
    redis.call('ZREM', base .. 'interest', case)
    redis.call('HDEL', base .. 'place', case)
    redis.call('PEXPIRE', base .. 'ticket:' .. case, HISTORY_TTL_MS)
    redis.call('PEXPIRE', base .. 'delivered:' .. case, HISTORY_TTL_MS)
    left = left + 1
    if id then
      leaving[id][case] = true
      if is_quarantined(base, case) then
        retried[#retried + 1] = case -- It left before it could be polled again.
      end
    end
  end
end
local answer = { left, take_losses(base) }
for id, names in pairs(leaving) do
  if names then
    answer[#answer + 1] = id
    local set = base .. 'set:' .. id
    local fence = redis.call('HGET', set, 'fence')
    if remove_tickets(base, id, names, now) > 0 then
      redis.call('HSET', set, 'fence', next_fence(fence, now))
    end
  end
end
retry_quarantined(base, retried, now)
if redis.call('EXISTS', base .. 'sizes') == 0 then
  redis.call('PEXPIRE', base .. 'feed', 2 * HISTORY_TTL_MS)
end
return answer
