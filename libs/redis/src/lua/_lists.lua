-- Lists of tickets are kept as one text, joined by line feeds (case ids hold none): a set is read and written whole.

local function split(text)
  local items = {}
  for item in string.gmatch(text, '[^\n]+') do
    items[#items + 1] = item
  end
  return items
end

local function contains(items)
  local found = {}
  for _, item in ipairs(items) do
    found[item] = true
  end
  return found
end

-- The items of a list text that are, or are not, in a table of names.
local function only(text, names, wanted)
  local kept = {}
  for _, item in ipairs(split(text)) do
    if (names[item] or false) == wanted then
      kept[#kept + 1] = item
    end
  end
  return kept
end
