--[[
  connect: counts one more connection of a subject, if all gateways together have fewer than it may have. A gateway writes
  its whole number, so a wrong number is corrected with the next one.

  KEYS       1 connections of the subject: gateway id to number
  Arguments  gateway  id of the gateway that asks
             own      connections of the subject that it has without this one
             most     MAX_CONNECTIONS_PER_SUBJECT
             ended    gateways that are gone: their connections are not counted any more
  Returns {} if it is counted, else the ids of the other gateways that have connections of the subject
]]
-- @constant CONNECTIONS_KEPT_MS

local args = cjson.decode(ARGV[1])
for _, gateway in ipairs(args.ended) do
  redis.call('HDEL', KEYS[1], gateway)
end
local total, others = args.own, {}
local row = redis.call('HGETALL', KEYS[1])
for at = 1, #row, 2 do
  if row[at] ~= args.gateway then
    total = total + tonumber(row[at + 1])
    others[#others + 1] = row[at]
  end
end
if total >= args.most then
  return others
end
redis.call('HSET', KEYS[1], args.gateway, args.own + 1)
redis.call('PEXPIRE', KEYS[1], CONNECTIONS_KEPT_MS)
return {}
