--[[
  delivered-at: at which offset messages of a ticket were delivered, as far as their names are known, and where history begins
  at that instant. A caller that has read history before sees whether it began anew since then.

  KEYS       1 what no key is called  2 feed hash  3 delivered  4 ticket  5 history
  Arguments  base, case  what the feed's keys begin with, case id
             names  {i = identity, c = class or absent} of each message. Of a class, all messages of its second are here
  Returns {epoch ('' if there is none), offset of the oldest event ('' if none is kept), then the offset of each message, ''
           where none is known}
]]
-- @include _names
local args = cjson.decode(ARGV[1])
local delivered = open_names(args.base, args.case, redis.call('HGET', args.base .. 'ticket:' .. args.case, 'names'))
local first = redis.call('XRANGE', args.base .. 'history:' .. args.case, '-', '+', 'COUNT', 1)[1]
local answer = { redis.call('HGET', args.base .. 'feed', 'epoch') or '', first and string.match(first[1], '^%d+') or '' }
local offsets, found = {}, {}
for j, name in ipairs(args.names) do
  local at = name_offset(delivered, name.i)
  offsets[j] = at or ''
  if at and name.c then
    found[name.c] = found[name.c] or {}
    found[name.c][at] = true
  end
end

-- Offsets of messages of a class that were delivered in another form than the upstream shows now.
local others = {}
local function others_of(class)
  if not others[class] then
    others[class] = {}
    local k, at = 1, name_offset(delivered, '~' .. class .. '.1')
    while at do
      if not (found[class] and found[class][at]) then
        table.insert(others[class], at)
      end
      k = k + 1
      at = name_offset(delivered, '~' .. class .. '.' .. k)
    end
  end
  return others[class]
end
for j, name in ipairs(args.names) do
  if offsets[j] == '' and name.c then
    offsets[j] = table.remove(others_of(name.c), 1) or ''
  end
  answer[#answer + 1] = offsets[j]
end
return answer
