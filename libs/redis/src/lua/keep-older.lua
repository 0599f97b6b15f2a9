--[[
  keep-older: keeps a part of what the upstream has of a ticket, so that all who want it share one request. What is kept has
  a bound in time and in bytes: the oldest parts go first.

  KEYS       1 what no key is called  2 parts: name to text, `#` to the bytes of all  3 ages: `name bytes` by when it was kept, ms
  Arguments  now   ms
             name  of the part
             text  of the part
  Returns 1
]]
-- @constant OLDER_KEPT_MS, OLDER_MAX_BYTES
local args = cjson.decode(ARGV[1])
local parts, ages, now, name = KEYS[2], KEYS[3], args.now, args.name
local total = tonumber(redis.call('HGET', parts, '#') or 0)

local function drop(entry)
  local dropped, bytes = string.match(entry, '^(%S+) (%d+)$')
  redis.call('HDEL', parts, dropped)
  redis.call('ZREM', ages, entry)
  total = total - tonumber(bytes)
end

local before = redis.call('HSTRLEN', parts, name)
if before > 0 then
  drop(string.format('%s %.0f', name, before))
end
for _, entry in ipairs(redis.call('ZRANGEBYSCORE', ages, '-inf', now - OLDER_KEPT_MS)) do
  drop(entry)
end
local bytes = string.len(args.text)
while total > 0 and total + bytes > OLDER_MAX_BYTES do
  local oldest = redis.call('ZRANGE', ages, 0, 0)[1]
  if not oldest then
    total = 0 -- The list of ages was lost.
    redis.call('DEL', parts)
  else
    drop(oldest)
  end
end
redis.call('HSET', parts, name, args.text, '#', string.format('%.0f', total + bytes))
redis.call('ZADD', ages, now, string.format('%s %.0f', name, bytes))
redis.call('PEXPIRE', parts, OLDER_KEPT_MS)
redis.call('PEXPIRE', ages, OLDER_KEPT_MS)
return 1
