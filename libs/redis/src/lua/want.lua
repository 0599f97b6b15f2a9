--[[
  want: lease tickets, never shortening a lease, and give each that has none a place in a ticket set.

  New tickets gather in the feed's nursery: a set that was not polled yet. Its first poll primes them all from the
  beginning in one request; then they are packed into the sets that have room (invariant 4). A full nursery is due at
  once. One that is not full is due at once if there was none within the last interval, else when that is over: however
  many tickets come, they cost one request more per interval than they would if they had always been there.

  KEYS  1 feed hash
  ARGV  1 key base  2 now, ms  3 lease until, ms  4 largest set, tickets  5 epoch for a feed that has none
        6 history life, ms  7 full-pace interval, ms  8 '1' if a client came, '' to renew leases  9.. tickets
  Returns {set id, due, set id, due..} of the sets that want a poll earlier than they did
]]
-- @include _lists
-- @include _health
-- @include _horizon
-- @include _sets
-- @include _apart
local base, now, max, ttl, interval = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[4]), tonumber(ARGV[6]), tonumber(ARGV[7])
local feed = base .. 'feed'
if redis.call('HSETNX', feed, 'epoch', ARGV[5]) == 1 then
  redis.call('HSET', feed, 'offset', 0)
end
redis.call('PERSIST', feed)

local woken = {}
local function wake(id, due)
  woken[#woken + 1] = id
  woken[#woken + 1] = string.format('%.0f', due)
end

local nursery, size, gathered, nursery_due
local function open_nursery()
  nursery, gathered = redis.call('HGET', feed, 'nursery'), {}
  size = nursery and tonumber(redis.call('ZSCORE', base .. 'sizes', nursery) or max) or max
  local row = nursery and redis.call('HMGET', base .. 'set:' .. nursery, 'hold', 'members', 'due', 'search')
  nursery_due = row and tonumber(row[3] or 0)
  if size >= max or row[1] ~= '0' or row[2] ~= '' or (row[4] or '') ~= '' then
    -- Nurseries that were full, hence polled before they were due, make nobody wait for longer than that.
    local due = math.max(now, math.min(now, tonumber(redis.call('HGET', feed, 'primed') or 0)) + interval)
    nursery, size, nursery_due = new_set(base, ARGV[2], string.format('%.0f', due)), 0, due
    redis.call('HSET', feed, 'nursery', nursery, 'primed', string.format('%.0f', due))
    wake(nursery, due)
  end
end

local function close_nursery()
  if nursery and #gathered > 0 then
    local set = base .. 'set:' .. nursery
    local joining = redis.call('HGET', set, 'joining')
    local list = table.concat(gathered, '\n')
    redis.call('HSET', set, 'joining', joining == '' and list or joining .. '\n' .. list)
    redis.call('ZINCRBY', base .. 'sizes', #gathered, nursery)
    if size >= max and nursery_due > now then
      set_due(base, nursery, ARGV[2])
      wake(nursery, now)
    end
  end
  nursery = nil
end

local function place(case)
  if not nursery then
    open_nursery()
  end
  redis.call('HSET', base .. 'place', case, nursery)
  gathered[#gathered + 1] = case
  size = size + 1
  keep_ticket(base, case, now, ttl)
  if size >= max then
    close_nursery()
  end
end

-- A client came to tickets that are polled already: their sets go back to full pace. A set that has been quiet for a
-- while may be about to slow down, and is looked at anew.
local greeted = {}
local function greet(id)
  if greeted[id] then
    return
  end
  greeted[id] = true
  local row = redis.call('HMGET', base .. 'set:' .. id, 'due', 'lively')
  local due = tonumber(row[1] or now)
  redis.call('HSET', base .. 'set:' .. id, 'lively', ARGV[2])
  if due > now + interval then
    set_due(base, id, string.format('%.0f', now + interval))
    wake(id, now + interval)
  elseif now - tonumber(row[2] or now) > 10 * interval then
    wake(id, due)
  end
end

for i = 9, #ARGV do
  local case = ARGV[i]
  redis.call('ZADD', base .. 'interest', 'GT', ARGV[3], case)
  local id = redis.call('HGET', base .. 'place', case)
  if not id then
    -- One that is apart has no place: sweep brings it back when its time has come.
    if not is_apart(base, case) then
      place(case)
    end
  elseif ARGV[8] == '1' then
    greet(id)
  end
end
close_nursery()
return woken
