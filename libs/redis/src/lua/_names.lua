-- The names of a ticket's delivered messages, each with the offset at which it was delivered: identities, and `~class.k` for
-- the k-th message of a class.
--
-- Up to LISTED_MAX of them are in the sorted set `delivered:T`, which Redis keeps as one list (27 bytes each). Beyond that
-- a sorted set takes 125 bytes for each. So more of them are in fields of the ticket's hash instead: `names` is the number of
-- buckets, and `n0`, `n1`.. are the buckets, each a row of records: 8 bytes of a digest of the name, 7 of the offset.
--
-- Buckets are split one at a time, in order (linear hashing), so no script rewrites all of them. A bucket has its oldest
-- records in front, and drops them when it may not be split any more.
--
-- The release before knows the sorted set only. Where there is none, it reads the names from history (recover_names in
-- commit.lua), and so does this one. Names that it has put into a sorted set meanwhile are moved into the buckets.
local LISTED_MAX, MOVED_MAX = 128, 2000
local BUCKETS_MAX, BUCKET_SPLIT, BUCKET_MAX = 160, 96, 160
local RECORD, DIGEST = 15, 8

local function digest_of(name)
  local hex = redis.sha1hex(name)
  return struct.pack('>I4I4', tonumber(string.sub(hex, 1, 8), 16), tonumber(string.sub(hex, 9, 16), 16))
end

-- The number of a record's bucket, if there are so many.
local function bucket_of(digest, buckets)
  local number, full = struct.unpack('>I4', digest), 1
  while full < buckets do
    full = full * 2
  end
  local bucket = number % full
  return bucket < buckets and bucket or number % (full / 2)
end

-- @param buckets field `names` of the ticket, false where it has none
local function open_names(base, case, buckets)
  local names = { list = base .. 'delivered:' .. case, ticket = base .. 'ticket:' .. case, rows = {}, changed = {} }
  names.buckets = tonumber(buckets or 0)
  names.is_listed = names.buckets == 0 or redis.call('EXISTS', names.list) == 1
  return names
end

local function has_names(names)
  return names.buckets > 0 or redis.call('EXISTS', names.list) == 1
end

local function read_row(names, bucket)
  names.rows[bucket] = names.rows[bucket] or redis.call('HGET', names.ticket, 'n' .. bucket) or ''
  return names.rows[bucket]
end

local function write_row(names, bucket, row)
  names.rows[bucket], names.changed[bucket] = row, true
end

local function recorded_offset(names, digest)
  local row, from = read_row(names, bucket_of(digest, names.buckets)), 1
  while true do
    local at = string.find(row, digest, from, true)
    if not at then
      return nil
    end
    if (at - 1) % RECORD == 0 then
      return string.format('%.0f', (struct.unpack('>I7', row, at + DIGEST)))
    end
    from = at + 1
  end
end

-- The offset at which it was delivered; nil or false where that is not known.
local function name_offset(names, name)
  local at = names.is_listed and redis.call('ZSCORE', names.list, name)
  return at or names.buckets > 0 and recorded_offset(names, digest_of(name))
end

local function split_bucket(names)
  local half = 1
  while half * 2 <= names.buckets do
    half = half * 2
  end
  local from, to = names.buckets - half, names.buckets
  local row, stays, goes = read_row(names, from), {}, {}
  for at = 1, #row, RECORD do
    local record = string.sub(row, at, at + RECORD - 1)
    local rows = bucket_of(record, names.buckets + 1) == to and goes or stays
    rows[#rows + 1] = record
  end
  names.buckets = names.buckets + 1
  write_row(names, from, table.concat(stays))
  write_row(names, to, table.concat(goes))
end

local function record_name(names, digest, offset)
  local bucket = bucket_of(digest, names.buckets)
  local row = read_row(names, bucket) .. digest .. struct.pack('>I7', offset)
  if #row > BUCKET_MAX * RECORD and names.buckets == BUCKETS_MAX then
    row = string.sub(row, RECORD + 1)
  end
  write_row(names, bucket, row)
  if #row > BUCKET_SPLIT * RECORD and names.buckets < BUCKETS_MAX then
    split_bucket(names)
  end
end

-- @param name one that is not known
local function add_name(names, name, offset)
  names.is_changed = true
  if names.buckets > 0 then
    record_name(names, digest_of(name), offset)
  else
    redis.call('ZADD', names.list, offset, name)
  end
end

-- Moves what is too much for a list, the oldest names first, so many that the script stays short.
local function move_names(names)
  local moved = redis.call('ZPOPMIN', names.list, MOVED_MAX)
  names.buckets = math.max(names.buckets, 1)
  for i = 1, #moved, 2 do
    local digest = digest_of(moved[i])
    if not recorded_offset(names, digest) then
      record_name(names, digest, tonumber(moved[i + 1]))
    end
  end
end

-- Called after the last change.
local function save_names(names)
  if not names.is_changed then
    return
  end
  local listed = names.is_listed and redis.call('ZCARD', names.list) or 0
  if listed > (names.buckets > 0 and 0 or LISTED_MAX) then
    move_names(names)
  end
  local fields = { 'names', names.buckets }
  for bucket in pairs(names.changed) do
    fields[#fields + 1] = 'n' .. bucket
    fields[#fields + 1] = names.rows[bucket]
  end
  if #fields > 2 then
    redis.call('HSET', names.ticket, unpack(fields))
  end
end
