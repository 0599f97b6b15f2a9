--[[
  want: records interest in tickets, never shortening it, and gives each ticket that has none a place in a ticket set.

  New tickets gather in the feed's staging set: a set that was not polled yet. Its first poll backfills all of them from
  the beginning, in one request; then they are packed into the sets that have room (invariant 4). A full staging set is
  due at once. One that is not full is due at once if there was no staging set in the last interval, else at the end of
  the interval. So new tickets cost at most one request more per interval than if they had always been there.

  KEYS       1 what no key is called  2 feed hash  3 interest  4 place  5 apart  6 due  7 sizes  8 ages, then the
             sets of the tickets if a client came, and where tickets are new: the staging set, sets that may be made,
             and of each new ticket ticket and delivered
  Arguments  base         what the feed's keys begin with
             now          ms
             wantedUntil  when the interest ends, ms since 1970
             newEpoch     for a feed that has no epoch
             isArrival    whether a client came; else interest is renewed
             tickets      case ids
  Returns {'undeclared', keys that are missing here..} | {'lost'} if `place` or the hash of a set is lost |
          {set id, due, set id, due..} of the sets that want a poll earlier than they did
]]
-- @include _epoch
-- @include _keys
-- @include _lease
-- @include _lists
-- @include _losses
-- @include _quarantine
-- @include _sets
-- @include _tickets
-- @constant POLL_INTERVAL_MS, UPSTREAM_MAX_CASE_IDS

-- A set without news for this many intervals may be about to slow down.
local IDLE_INTERVALS = 10

local args = cjson.decode(ARGV[1])
local base, now = args.base, args.now
local feed = base .. 'feed'

-- Without `place` every ticket would get a second set.
if redis.call('EXISTS', base .. 'place') == 0 and redis.call('EXISTS', base .. 'sizes') == 1 then
  return { 'lost' }
end

local new_tickets, visited = 0, {}
for _, case in ipairs(args.tickets) do
  local id = redis.call('HGET', base .. 'place', case)
  if id and args.isArrival then
    need(base .. 'set:' .. id)
    visited[#visited + 1] = id
  elseif not id and not is_quarantined(base, case) then
    new_tickets = new_tickets + 1
    need_ticket(base, case)
  end
end
if new_tickets > 0 then
  local staging = redis.call('HGET', feed, 'nursery')
  if staging then
    need(base .. 'set:' .. staging)
  end
  need_new_sets(base, math.ceil(new_tickets / UPSTREAM_MAX_CASE_IDS))
end
if is_undeclared() then
  return undeclared
end
if are_lost(base, visited) then
  return { 'lost' }
end

begin_epoch(base, args.newEpoch)
redis.call('PERSIST', feed)
-- What audit.lua gives a ticket whose interest is lost: long enough for any gateway to renew it.
local lease = args.wantedUntil - now
if tonumber(redis.call('HGET', feed, 'lease') or 0) < lease then
  redis.call('HSET', feed, 'lease', lease)
end

local woken = {}
local function wake(id, due)
  woken[#woken + 1] = id
  woken[#woken + 1] = due
end

local staging_set, size, staged, staging_due

-- The staging set takes more tickets if it has room, was not polled yet, and has no bisection.
local function is_open(id)
  local row = redis.call('HMGET', base .. 'set:' .. id, 'hold', 'members', 'due', 'search')
  size = tonumber(redis.call('ZSCORE', base .. 'sizes', id) or UPSTREAM_MAX_CASE_IDS)
  staging_due = tonumber(row[3] or 0)
  return size < UPSTREAM_MAX_CASE_IDS and row[1] and not is_leased(row[1], now) and row[2] == '' and (row[4] or '') == ''
end

local function open_staging_set()
  staging_set, staged = redis.call('HGET', feed, 'nursery'), {}
  if not (staging_set and is_open(staging_set)) then
    -- A full staging set is polled before its due time. So no ticket waits for longer than an interval.
    local last = math.min(now, tonumber(redis.call('HGET', feed, 'primed') or 0))
    staging_due = math.max(now, last + POLL_INTERVAL_MS)
    local is_unknown = redis.call('EXISTS', base .. 'sizes') == 0 and tonumber(redis.call('HGET', feed, 'offset') or 0) == 0
    staging_set, size = new_set(base, now, staging_due), 0
    if is_unknown then
      redis.call('HSET', base .. 'set:' .. staging_set, 'unknown', '1') -- A client may have invented the group.
    end
    redis.call('HSET', feed, 'nursery', staging_set, 'primed', staging_due)
    wake(staging_set, staging_due)
  end
end

local function close_staging_set()
  if staging_set and #staged > 0 then
    local set = base .. 'set:' .. staging_set
    redis.call('HSET', set, 'joining', append(redis.call('HGET', set, 'joining'), staged))
    redis.call('ZINCRBY', base .. 'sizes', #staged, staging_set)
    if size >= UPSTREAM_MAX_CASE_IDS and staging_due > now then
      set_due(base, staging_set, now)
      wake(staging_set, now)
    end
  end
  staging_set = nil
end

local function stage(case)
  if not staging_set then
    open_staging_set()
  end
  redis.call('HSET', base .. 'place', case, staging_set)
  staged[#staged + 1] = case
  size = size + 1
  keep_ticket(base, case, now)
  redis.call('HSET', base .. 'ticket:' .. case, 'awaited', '1')
  if size >= UPSTREAM_MAX_CASE_IDS then
    close_staging_set()
  end
end

-- A client came to a ticket that is polled already: its set goes back to full pace. A set that may be about to slow
-- down is woken, so that its worker reads it again.
local activated = {}
local function activate(id)
  if activated[id] then
    return
  end
  activated[id] = true
  local row = redis.call('HMGET', base .. 'set:' .. id, 'due', 'lively')
  local due = tonumber(row[1] or now)
  redis.call('HSET', base .. 'set:' .. id, 'lively', now)
  if due > now + POLL_INTERVAL_MS then
    set_due(base, id, now + POLL_INTERVAL_MS)
    wake(id, now + POLL_INTERVAL_MS)
  elseif now - tonumber(row[2] or now) > IDLE_INTERVALS * POLL_INTERVAL_MS then
    wake(id, due)
  end
end

for _, case in ipairs(args.tickets) do
  redis.call('ZADD', base .. 'interest', 'GT', args.wantedUntil, case)
  local id = redis.call('HGET', base .. 'place', case)
  if id then
    if args.isArrival then
      activate(id)
    end
  elseif not is_quarantined(base, case) then
    -- A quarantined ticket has no place: sweep gives it one when its time has passed.
    stage(case)
  end
end
close_staging_set()
return woken
