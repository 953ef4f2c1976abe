-- Everything that a gateway does with the shared counts, in one atomic step: charges first, then, all or
-- nothing, what one request takes. Called with
--   KEYS  [1] the gateway's sequence number of this book; then hashes of counts and rates, each once
--   ARGV  [1] the number of these charges (empty: none), [2] the rates' time in microseconds (empty:
--         this server's); then seven for each item:
--         kind, index of its key, field, limit, least, most, seconds to keep the key
--   charge  adds `most`, which may be below zero
--   look    refuses when the field and `least` more reach the limit
--   take    takes as many as are left under the limit, `most` at most, and refuses below `least`
--   rate    takes tokens alike, of a rate of `limit` a second with a burst of one second's
-- Answers: whether taken, the item that refused, its wait in microseconds, for each key after the first
-- when its hash was born (0: a rate), and two for each item that was looked at: what was taken, and what
-- the field then holds or the rate has left.
local time = redis.call('TIME')
-- Counted from 2025, so that microseconds keep their fractions in a double.
local real = (time[1] - 1735689600) * 1000000 + time[2]
local now = ARGV[2] == '' and real or tonumber(ARGV[2])
local SECOND = 1000000

local function whole(number)
  return string.format('%.0f', number)
end

-- A charge that was sent again because its answer was lost counts once.
local fresh = false
if ARGV[1] ~= '' then
  local last = redis.call('GET', KEYS[1])
  fresh = not last or tonumber(last) < tonumber(ARGV[1])
  -- Two days: nobody sends a charge again that long after.
  if fresh then redis.call('SET', KEYS[1], ARGV[1], 'EX', 172800) end
end

local born = {}
for index = 2, #KEYS do
  born[index] = 0
end
-- A hash says when it was born: who remembers another birth knows that its counts were lost between.
local function bear(index, keep)
  if born[index] ~= 0 then return end
  local birth = redis.call('HGET', KEYS[index], 'born')
  if not birth then
    birth = whole(real)
    redis.call('HSET', KEYS[index], 'born', birth)
    redis.call('EXPIRE', KEYS[index], keep)
  end
  born[index] = tonumber(birth)
end

local seen, taken = {}, {}
local refused, wait = 0, 0
for at = 3, #ARGV, 7 do
  local kind, index, field = ARGV[at], tonumber(ARGV[at + 1]), ARGV[at + 2]
  local limit, least, most = tonumber(ARGV[at + 3]), tonumber(ARGV[at + 4]), tonumber(ARGV[at + 5])
  local key, got, left = KEYS[index], 0, 0
  local item = (at - 3) / 7 + 1
  if kind == 'rate' then
    local gap = SECOND / limit
    local due = tonumber(redis.call('GET', key) or '0')
    -- A clock that was set back must not close the rate for longer than a second.
    due = math.min(math.max(due, now), now + SECOND)
    left = math.floor((now + SECOND - due + 1) / gap)
    got = math.min(left, most)
    if got < least then
      refused, wait, got = item, due + least * gap - now - SECOND, 0
    else
      taken[#taken + 1] = { key, nil, due + got * gap }
      left = left - got
    end
  else
    bear(index, tonumber(ARGV[at + 6]))
    left = tonumber(redis.call('HGET', key, field) or '0')
    if kind == 'charge' then
      if fresh then
        left = math.max(left + most, 0)
        redis.call('HSET', key, field, whole(left))
      end
    elseif kind == 'look' then
      if left + least >= limit then refused = item end
    else
      got = math.max(math.min(limit - left, most), 0)
      if got < least then
        refused, got = item, 0
      elseif got > 0 then
        taken[#taken + 1] = { key, field, got }
      end
    end
  end
  seen[#seen + 1] = got
  seen[#seen + 1] = left
  if refused > 0 then break end
end

if refused == 0 then
  for _, one in ipairs(taken) do
    if one[2] then
      redis.call('HINCRBY', one[1], one[2], whole(one[3]))
    else
      redis.call('SET', one[1], string.format('%.3f', one[3]), 'PX', 60000)
    end
  end
end

local answer = { refused == 0 and 1 or 0, refused, math.ceil(math.max(wait, 0)) }
for index = 2, #KEYS do
  answer[#answer + 1] = born[index]
end
for _, number in ipairs(seen) do
  answer[#answer + 1] = number
end
return answer
