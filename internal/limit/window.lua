-- Takes uses against sliding logs, in one atomic step. memory.go does the same in Go.
--
-- KEYS  1: the tenant's counter of takes; 2..: the log of each use, a sorted set of entries by their time
-- ARGV  1: "take" to record, "peek" to only look
--       2: the time in Unix microseconds; "" for the clock of this server
--       then for each use: its amount, its window, and how long its log is kept, both in microseconds
-- Returns the place of the use that refused (from 0; -1 if none), the microseconds until it has room, and the name of
-- what was recorded: the entry of use i is called "<name>-<i>".

-- Times have more digits than Lua writes by itself.
local function digits(n)
	return string.format('%.0f', n)
end

local take = ARGV[1] == 'take'
local now = tonumber(ARGV[2])
if not now then
	local t = redis.call('TIME')
	now = tonumber(t[1]) * 1000000 + tonumber(t[2])
end

local name = ''

for i = 0, #KEYS - 2 do
	local key = KEYS[i + 2]
	local amount = tonumber(ARGV[3 + 3 * i])
	local window = tonumber(ARGV[4 + 3 * i])
	local keep = tonumber(ARGV[5 + 3 * i])

	local inside = '(' .. digits(now - window)
	local used = redis.call('ZCOUNT', key, inside, '+inf')
	if used >= amount then
		local wait = window
		if amount > 0 then
			-- Once this entry has left, there are fewer than the amount.
			local first = redis.call('ZRANGEBYSCORE', key, inside, '+inf', 'WITHSCORES', 'LIMIT', used - amount, 1)
			wait = tonumber(first[2]) + window - now
		end
		return { i, wait, name }
	end

	if take then
		if name == '' then
			-- Two takes can fall into one microsecond: the counter tells them apart. It may start again once it was
			-- idle for an hour, because the time is then another.
			name = digits(now) .. '-' .. redis.call('INCR', KEYS[1])
			redis.call('PEXPIRE', KEYS[1], 3600000)
		end
		redis.call('ZREMRANGEBYSCORE', key, '-inf', digits(now - keep))
		redis.call('ZADD', key, digits(now), name .. '-' .. i)
		redis.call('PEXPIRE', key, digits(math.ceil(keep / 1000) + 1))
	end
end

return { -1, 0, name }
