-- Lists of tickets are stored as one text, joined by line feeds (case ids hold none): a set is read and written whole.

local function split(text)
  local items = {}
  for item in string.gmatch(text, '[^\n]+') do
    items[#items + 1] = item
  end
  return items
end

-- A list text with more tickets at its end.
local function append(text, items)
  local added = table.concat(items, '\n')
  return text == '' and added or text .. '\n' .. added
end

-- The items of a list as the names of a table.
local function names_of(items)
  local names = {}
  for _, item in ipairs(items) do
    names[item] = true
  end
  return names
end

-- The items of a list text that are in a table of names.
local function within(text, names)
  local kept = {}
  for _, item in ipairs(split(text)) do
    if names[item] then
      kept[#kept + 1] = item
    end
  end
  return kept
end

-- The items of a list text that are not in a table of names.
local function without(text, names)
  local kept = {}
  for _, item in ipairs(split(text)) do
    if not names[item] then
      kept[#kept + 1] = item
    end
  end
  return kept
end
