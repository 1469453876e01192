import { createHash } from 'node:crypto';

export interface RedisScript {
  readonly text: string;
  readonly sha: string;
}

function scriptOf(text: string): RedisScript {
  return { text, sha: createHash('sha1').update(text).digest('hex') };
}

/**
 * Charges all counters or none. A counter is a hash of what was taken by slice. Arguments: slices, the time ('' for that
 * of Redis), then limit, window and cost of each key. Answers whether it fits, then for each key what is taken, when all
 * of it is free again, and when this would fit (-1: never).
 */
export const CONSUME = scriptOf(`
local slices = tonumber(ARGV[1])
local now = tonumber(ARGV[2])
if not now then
  local time = redis.call('TIME')
  now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end
local counters, allowed = {}, 1
for i, key in ipairs(KEYS) do
  local limit, cost = tonumber(ARGV[3 * i]), tonumber(ARGV[3 * i + 2])
  local length = tonumber(ARGV[3 * i + 1]) / slices
  local current = math.floor(now / length)
  local counter = { limit = limit, cost = cost, length = length, total = 0, current = current, last = 0, live = {}, counts = {} }
  local old = {}
  local taken = redis.call('HGETALL', key)
  for j = 1, #taken, 2 do
    local slice = tonumber(taken[j])
    if slice < current - slices then
      old[#old + 1] = taken[j]
    else
      counter.live[#counter.live + 1] = slice
      counter.counts[slice] = tonumber(taken[j + 1])
      counter.total = counter.total + counter.counts[slice]
      if slice > counter.last then counter.last = slice end
    end
  end
  if #old > 0 then redis.call('HDEL', key, unpack(old)) end
  if counter.total + cost > limit then allowed = 0 end
  counters[i] = counter
end
local answer = { allowed }
local function freeIn(counter, slice)
  return math.ceil((slice + slices + 1) * counter.length - now)
end
for i, key in ipairs(KEYS) do
  local counter = counters[i]
  local retry = 0
  if allowed == 1 then
    counter.total = counter.total + counter.cost
    counter.last = math.max(counter.last, counter.current)
    redis.call('HINCRBY', key, string.format('%.0f', counter.last), counter.cost)
    redis.call('PEXPIRE', key, freeIn(counter, counter.last) + 1000)
  elseif counter.total + counter.cost > counter.limit then
    table.sort(counter.live)
    local left = counter.total
    retry = -1
    for _, slice in ipairs(counter.live) do
      left = left - counter.counts[slice]
      if left + counter.cost <= counter.limit then
        retry = freeIn(counter, slice)
        break
      end
    end
  end
  answer[#answer + 1] = counter.total
  answer[#answer + 1] = counter.total == 0 and 0 or freeIn(counter, counter.last)
  answer[#answer + 1] = retry
end
return answer`);

/** An instance says that it is there. Arguments: its id, and for how long that holds. Answers how many there are. */
export const BEAT = scriptOf(`
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - tonumber(ARGV[2]))
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return redis.call('ZCARD', KEYS[1])`);
