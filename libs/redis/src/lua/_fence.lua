-- Fences grow with the time. After Redis lost its data or its end, no new fence equals one that was there before, and
-- whatever a worker still has from then (a poll in flight, a set that it leased) is discarded.
local function next_fence(fence, now)
  return math.max(tonumber(fence) + 1, now)
end
