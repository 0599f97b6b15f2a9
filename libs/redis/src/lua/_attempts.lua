-- Attempts with credentials of the upstream: 'digest:attempt'. There are few: begin-attempt.lua sees to it.

local function attempts_with(key, credentials)
  local found = {}
  for _, attempt in ipairs(redis.call('ZRANGE', key, 0, -1)) do
    if string.sub(attempt, 1, #credentials + 1) == credentials .. ':' then
      found[#found + 1] = attempt
    end
  end
  return found
end
