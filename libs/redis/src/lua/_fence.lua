-- Fences grow with the time: after Redis lost its data or its end, no fence is one that was there before, and what a
-- worker has of then (a poll in flight, the set that it reserved) fits nothing.
local function next_fence(fence, now)
  return string.format('%.0f', math.max(tonumber(fence) + 1, tonumber(now)))
end
