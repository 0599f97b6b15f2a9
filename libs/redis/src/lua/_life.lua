-- Redis may come back without its last second (an append-only file that was not on disk yet, a replica that took over).
-- Whoever knows of more than there is says so, and the feed begins a new life: its offsets go on from where they are,
-- under another epoch, so that no position ever means two publications.

local function renew_if_behind(feed, known_epoch, known_offset, new_epoch)
  local row = redis.call('HMGET', feed, 'epoch', 'offset')
  if row[1] and row[1] == known_epoch and tonumber(row[2] or '0') < tonumber(known_offset) then
    redis.call('HSET', feed, 'epoch', new_epoch)
  end
end

-- Where everybody who knew is gone too, only clients are left who do. They may also invent, and every new life costs all
-- of them a replay: one is believed once in a life of the Redis process, since only its end can lose anything.
local function renew_on_word(feed, claimed_epoch, claimed_offset, new_epoch)
  local row = redis.call('HMGET', feed, 'epoch', 'offset', 'doubted')
  if row[1] ~= claimed_epoch or tonumber(row[2] or '0') >= tonumber(claimed_offset) then
    return
  end
  local info = redis.pcall('INFO', 'server')
  local run = type(info) == 'string' and string.match(info, 'run_id:(%x+)') or ''
  if row[3] ~= run then
    redis.call('HSET', feed, 'epoch', new_epoch, 'doubted', run)
  end
end
