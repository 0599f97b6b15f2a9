--[[
  look: what visits of feeds have to know. It changes nothing.

  KEYS       1 what no key is called  2 feed hash  3 interest  4 place  5 apart  6 due  7 sizes; the same of each other feed
  Arguments  bases  what the keys of each feed begin with
  Returns {{when a set is due, when interest ends, when a quarantine ends, the earliest of each or '' where there is none,
           1 if the counts of the keys do not agree, 1 if losses were not told yet, 1 if sets are to be packed}..}, one per
          feed
]]
-- @include _room
local args = cjson.decode(ARGV[1])

local function earliest(base, name)
  local time = redis.call('ZRANGE', base .. name, 0, 0, 'WITHSCORES')[2]
  return time and time ~= 'inf' and time or ''
end

-- Every set has a size and a due time, and every ticket of a set a place and an interest. A wanted ticket without a place
-- is quarantined.
local function do_counts_agree(base)
  local sizes, tickets = redis.call('ZRANGE', base .. 'sizes', 0, -1, 'WITHSCORES'), 0
  for i = 2, #sizes, 2 do
    tickets = tickets + tonumber(sizes[i])
  end
  local unplaced = redis.call('ZCARD', base .. 'interest') - tickets
  return #sizes == 2 * redis.call('ZCARD', base .. 'due') and tickets == redis.call('HLEN', base .. 'place')
    and unplaced >= 0 and unplaced <= redis.call('ZCARD', base .. 'apart')
end

local looks = {}
for _, base in ipairs(args.bases) do
  looks[#looks + 1] = { earliest(base, 'due'), earliest(base, 'interest'), earliest(base, 'apart'),
    do_counts_agree(base) and 0 or 1, redis.call('HEXISTS', base .. 'feed', 'lost'), is_one_too_many(base) and 1 or 0 }
end
return looks
