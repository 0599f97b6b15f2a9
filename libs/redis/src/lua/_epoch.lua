-- When a feed begins a new epoch. Redis may come back without its last second: its append-only file was not on disk
-- yet, or a replica took over. Then the feed has fewer publications than somebody has seen. It goes on counting from
-- what it has, under a new epoch, so that no position ever names two publications.

-- A worker or a gateway tells what it has seen of the feed. It is always believed.
local function renew_if_behind(feed, known, new_epoch)
  local row = redis.call('HMGET', feed, 'epoch', 'offset')
  if row[1] and row[1] == known.epoch and tonumber(row[2] or 0) < known.offset then
    redis.call('HSET', feed, 'epoch', new_epoch)
  end
end

-- A client tells what it has seen. After workers and gateways were restarted too, only clients know. A client may
-- also lie, and each new epoch makes all clients of the feed read history again. So a client is believed once per run
-- of the Redis process: only the end of a process loses data.
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
