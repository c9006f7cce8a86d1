-- Files a finished job and takes the next one.
-- KEYS: the queues in order of priority. ARGV: see the names below; answers {queue key, job id, its hash} or nil.
-- `execution` names the asking: who asks once more under the same one gets the same answer.
local worker, name, execution, now, unix = ARGV[1], ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5])
local offered_queue, offered_id = ARGV[6], ARGV[7]
local done_id, done_execution, done_queue, kept, ended, seconds =
  ARGV[8], ARGV[9], ARGV[10], tonumber(ARGV[11]), ARGV[12], ARGV[13]

-- Asked once more: the answer got lost on its way, and what was taken then is handed over again.
local asked = redis.call('HMGET', worker, 'execution', 'current_job', 'current_queue')
if execution ~= '' and asked[1] == execution then
  local hash = redis.call('HGETALL', 'rq:job:' .. asked[2])
  if #hash > 0 then return {asked[3], asked[2], hash} end
  done_id = ''
end

if done_id ~= '' then
  local job = 'rq:job:' .. done_id
  redis.call('ZREM', 'rq:wip:' .. done_queue, done_execution)
  -- A message that was deleted meanwhile stays deleted.
  if redis.call('EXISTS', job) == 1 then
    if kept == 0 then
      redis.call('DEL', job)
    else
      redis.call('HSET', job, 'status', 'finished', 'ended_at', ended)
      local score = '+inf'
      if kept > 0 then
        redis.call('EXPIRE', job, kept)
        score = unix + kept
      end
      redis.call('ZADD', 'rq:finished:' .. done_queue, score, done_id)
    end
  end
  redis.call('HINCRBY', worker, 'successful_job_count', 1)
  redis.call('HINCRBYFLOAT', worker, 'total_working_time', seconds)
end

local function take(key, id)
  local job = 'rq:job:' .. id
  local hash = redis.pcall('HGETALL', job)
  if hash.err or #hash == 0 then
    return nil  -- the message is gone; the sweep sends a durable one again
  end
  local limit = 300
  for i = 1, #hash, 2 do
    if hash[i] == 'timeout' then limit = tonumber(hash[i + 1]) or limit end
  end
  redis.call('HSET', job, 'status', 'started', 'started_at', now, 'last_heartbeat', now, 'worker_name', name)
  redis.call('ZADD', 'rq:wip:' .. string.sub(key, 10), unix + limit + 60, id .. ':' .. execution)
  redis.call('HSET', worker, 'state', 'busy', 'current_job', id, 'current_queue', key, 'execution', execution)
  return {key, id, hash}
end

if offered_id ~= '' then
  local taken = take(offered_queue, offered_id)
  if taken then return taken end
end
for _, key in ipairs(KEYS) do
  local id = redis.call('LPOP', key)
  while id do
    local taken = take(key, id)
    if taken then return taken end
    id = redis.call('LPOP', key)
  end
end
redis.call('HSET', worker, 'state', 'idle')
redis.call('HDEL', worker, 'current_job', 'current_queue', 'execution')
return nil
