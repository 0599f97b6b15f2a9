-- Redis may come back without its last second (an append-only file that was not on disk yet, a replica that took over).
-- Whoever knows of more than there is says so, and the feed begins a new life: its offsets go on from where they are,
-- under another epoch, so that no position ever means two publications.

local function renew_if_behind(feed, known_epoch, known_offset, new_epoch)
  local row = redis.call('HMGET', feed, 'epoch', 'offset')
  if row[1] and row[1] == known_epoch and tonumber(row[2] or '0') < tonumber(known_offset) then
    redis.call('HSET', feed, 'epoch', new_epoch)
  end
end
