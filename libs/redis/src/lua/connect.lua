--[[
  connect: counts one more connection of each of some subjects, if all gateways together have fewer than it may have. A
  gateway writes its whole number, so a wrong number is corrected with the next one. A subject may be there several times.

  KEYS       1 and so on  connections of each subject: gateway id to number
  Arguments  gateway  id of the gateway that asks
             own      of each subject: connections that it has without this one
             most     of each subject: MAX_CONNECTIONS_PER_SUBJECT
             ended    gateways that are gone: their connections are not counted any more
  Returns of each subject {} if it is counted, else the ids of the other gateways that have connections of it
]]
-- @constant CONNECTIONS_KEPT_MS

local args = cjson.decode(ARGV[1])

local function connect(key, own, most)
  for _, gateway in ipairs(args.ended) do
    redis.call('HDEL', key, gateway)
  end
  local total, others = own, {}
  local row = redis.call('HGETALL', key)
  for at = 1, #row, 2 do
    if row[at] ~= args.gateway then
      total = total + tonumber(row[at + 1])
      others[#others + 1] = row[at]
    end
  end
  if total >= most then
    return others
  end
  redis.call('HSET', key, args.gateway, own + 1)
  redis.call('PEXPIRE', key, CONNECTIONS_KEPT_MS)
  return {}
end

local answers = {}
for at, key in ipairs(KEYS) do
  answers[at] = connect(key, args.own[at], args.most[at])
end
return answers
