/**
 * What Redis does in one step. A tag has a sorted set of the keys of its answers by the time they end, and for a while
 * the stamp of its last dropping. Keys: the answer, then for each tag its set and its stamp.
 */
export const KEEP = `
local since = tonumber(ARGV[2])
for i = 3, #KEYS, 2 do
  local dropped = redis.call('GET', KEYS[i])
  if dropped and tonumber(dropped) > since then return 0 end
end
local ttl = tonumber(ARGV[3])
redis.call('SET', KEYS[1], ARGV[1], 'PX', ttl)
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
for i = 2, #KEYS, 2 do
  redis.call('ZREMRANGEBYSCORE', KEYS[i], '-inf', now)
  redis.call('ZADD', KEYS[i], now + ttl, KEYS[1])
  if redis.call('PTTL', KEYS[i]) < ttl then redis.call('PEXPIRE', KEYS[i], ttl) end
end
return 1`;

/** Keys: the stamp of all, then for each tag its set and its stamp. */
export const DROP = `
local stamp = redis.call('INCR', KEYS[1])
for i = 2, #KEYS, 2 do
  local keys = redis.call('ZRANGE', KEYS[i], 0, -1)
  for j = 1, #keys, 1000 do
    redis.call('UNLINK', unpack(keys, j, math.min(j + 999, #keys)))
  end
  redis.call('UNLINK', KEYS[i])
  redis.call('SET', KEYS[i + 1], stamp, 'PX', ARGV[1])
end
return stamp`;

/** Keys: the stamp of all, and the one from which on answers count. */
export const DROP_ALL = `
local stamp = redis.call('INCR', KEYS[1])
redis.call('SET', KEYS[2], stamp)
return stamp`;
