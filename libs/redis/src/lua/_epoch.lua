-- When a feed begins a new epoch. Redis may come back without its last second: its append-only file was not on disk
-- yet, or a replica took over. Then the feed has fewer publications than a process or a client has seen. It continues to
-- count from what it has, under a new epoch, so that no position ever names two publications.

-- A worker or a gateway names the position that it has seen of the feed. That always counts.
local function renew_if_behind(feed, known, new_epoch)
  local row = redis.call('HMGET', feed, 'epoch', 'offset')
  if row[1] and row[1] == known.epoch and tonumber(row[2] or 0) < known.offset then
    redis.call('HSET', feed, 'epoch', new_epoch)
  end
end

-- A client names the position that it has seen. If workers and gateways were restarted as well, only clients know it. A
-- client may also invent a position, and each new epoch makes all clients of the feed read history again. So a client's
-- claim counts once per run id: data is lost only when the Redis process ends.
local function renew_on_claim(feed, claim, new_epoch)
  local row = redis.call('HMGET', feed, 'epoch', 'offset', 'doubted')
  if row[1] ~= claim.epoch or tonumber(row[2] or 0) >= claim.offset then
    return
  end
  local info = redis.pcall('INFO', 'server')
  local run_id = type(info) == 'string' and string.match(info, 'run_id:(%x+)') or ''
  if row[3] ~= run_id then
    redis.call('HSET', feed, 'epoch', new_epoch, 'doubted', run_id)
  end
end
