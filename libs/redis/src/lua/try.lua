--[[
  try: calls commands on keys of its own, and publishes. So a program knows before it needs them whether Redis refuses it a
  command: rights that are missing, memory that is full, a replica.

  KEYS       1 a string
             2 a hash
             3 a list
             4 a set
             5 a sorted set
             6 a stream
  Arguments  thorough  all commands that scripts of Pollcast and of BullMQ call; else none
             channel   where token is published
             token     what is published
  Returns {}, or { the command, its error }. The keys are gone afterwards
]]
-- @constant PUBLISH

local args = cjson.decode(ARGV[1])
local text, hash, list, set, sorted, stream = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local steps = {
  { 'DEL', text },
  { 'UNLINK', hash, list, set, sorted, stream },
  { 'TIME' },
  { 'SET', text, '1' },
  { 'GET', text },
  { 'INCR', text },
  { 'INCRBY', text, 1 },
  { 'EXISTS', text },
  { 'TYPE', text },
  { 'RENAME', text, text },
  { 'PEXPIRE', text, 60000 },
  { 'PEXPIREAT', text, '9999999999999' },
  { 'PTTL', text },
  { 'PERSIST', text },
  { 'HSET', hash, 'a', 1 },
  { 'HMSET', hash, 'b', 1 },
  { 'HSETNX', hash, 'a', 1 },
  { 'HINCRBY', hash, 'a', 1 },
  { 'HGET', hash, 'a' },
  { 'HMGET', hash, 'a' },
  { 'HGETALL', hash },
  { 'HVALS', hash },
  { 'HLEN', hash },
  { 'HSTRLEN', hash, 'a' },
  { 'HEXISTS', hash, 'a' },
  { 'HDEL', hash, 'a' },
  { 'LPUSH', list, 'a' },
  { 'RPUSH', list, 'b', 'c', 'd' },
  { 'LSET', list, 0, 'a' },
  { 'LINDEX', list, 0 },
  { 'LPOS', list, 'a' },
  { 'LRANGE', list, 0, 0 },
  { 'LLEN', list },
  { 'LREM', list, 0, 'a' },
  { 'LTRIM', list, 0, 2 },
  { 'RPOPLPUSH', list, list },
  { 'LPOP', list },
  { 'RPOP', list },
  { 'SADD', set, 'a' },
  { 'SISMEMBER', set, 'a' },
  { 'SMEMBERS', set },
  { 'SCARD', set },
  { 'SREM', set, 'a' },
  { 'ZADD', sorted, 1, 'a' },
  { 'ZINCRBY', sorted, 1, 'a' },
  { 'ZSCORE', sorted, 'a' },
  { 'ZRANK', sorted, 'a' },
  { 'ZCARD', sorted },
  { 'ZCOUNT', sorted, 0, 1 },
  { 'ZRANGE', sorted, 0, 0 },
  { 'ZREVRANGE', sorted, 0, 0 },
  { 'ZRANGEBYSCORE', sorted, 0, 1 },
  { 'ZREVRANGEBYSCORE', sorted, 1, 0 },
  { 'ZRANGEBYLEX', sorted, '-', '+' },
  { 'ZREMRANGEBYSCORE', sorted, 8, 9 },
  { 'ZREMRANGEBYRANK', sorted, 8, 9 },
  { 'ZREM', sorted, 'b' },
  { 'ZPOPMIN', sorted },
  { 'XADD', stream, '*', 'a', 1 },
  { 'XLEN', stream },
  { 'XRANGE', stream, '-', '+' },
  { 'XREVRANGE', stream, '+', '-' },
  { 'XTRIM', stream, 'MAXLEN', 1 },
  { 'DEL', text, hash, list, set, sorted, stream },
}
if not args.thorough then
  steps = {}
end
steps[#steps + 1] = { PUBLISH, args.channel, args.token }
for _, step in ipairs(steps) do
  local answer = redis.pcall(unpack(step))
  if type(answer) == 'table' and answer.err then
    return { step[1], answer.err }
  end
end
return {}
