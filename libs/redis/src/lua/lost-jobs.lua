--[[
  lost-jobs: which jobs of ticket sets are lost. A job is there if a list of BullMQ names it, or if a worker has it and its
  hash has its data. The hash of a job that a list names is written again: its place in the list is right. What is left of a
  job that no list names is deleted, because BullMQ adds no job beside it.

  The lists are read once, and only if a job is neither delayed nor with a worker.

  KEYS       1 what no key is called  2 wait  3 paused  4 active  5 delayed, then the hash and the lock of each job
  Arguments  jobs       {{id, data}..}, in the order of their keys
             name       of these jobs
             now        of the machine, as BullMQ uses it, ms
             latest     score in delayed beyond which a job is delayed for too long
  Returns {places of the lost jobs in `jobs`, places of those with a new hash, places of those that are delayed for too long}
]]
local args = cjson.decode(ARGV[1])
local lost, mended, stranded = {}, {}, {}

local listed
local function is_listed(id)
  if not listed then
    listed = {}
    for i = 2, 4 do
      for _, each in ipairs(redis.call('LRANGE', KEYS[i], 0, -1)) do
        listed[each] = true
      end
    end
  end
  return listed[id]
end

for place, job in ipairs(args.jobs) do
  local id, hash, lock = job[1], KEYS[4 + 2 * place], KEYS[5 + 2 * place]
  local has_data = redis.call('HEXISTS', hash, 'data') == 1
  local delayed_to = redis.call('ZSCORE', KEYS[5], id)
  local is_held = has_data and redis.call('EXISTS', lock) == 1
  if not (delayed_to or is_held or is_listed(id)) then
    redis.call('DEL', hash, lock)
    lost[#lost + 1] = place
  else
    if not has_data then
      redis.call('HSET', hash, 'name', args.name, 'data', job[2], 'opts', '{}', 'timestamp', args.now, 'delay', 0,
        'priority', 0)
      mended[#mended + 1] = place
    end
    if delayed_to and tonumber(delayed_to) > args.latest then
      stranded[#stranded + 1] = place
    end
  end
end
return { lost, mended, stranded }
