-- Runs one example: its statements in order, each shown value beside what came. Goes in front of the example, in a
-- plugin's file, a script or a spec, as the organisation sees it there.
--   r.stage  --> "requested"          a statement that is an expression: its values, with commas
--   for … do print(x) end  --> P-1    what it printed
--   r:advance("finish")  --> error: R-1 …     it must be refused with this message
-- A shown value goes on on lines that are nothing but --> …; the sign … in it stands for anything.
local printed -- by the statement at work; nil between
local print_out = print
function print(...)
    local words = table.pack(...)
    for i = 1, words.n do
        words[i] = tostring(words[i])
    end
    if not printed then
        return print_out(...)
    end
    printed[#printed + 1] = table.concat(words, "\t")
end

-- { "accept", n = 3 }: names sorted, rows as R-1; a text with " in it between '.
local function show(value)
    if type(value) == "string" then
        local quote = value:find('"', 1, true) and "'" or '"'
        return quote .. value:gsub("\n", "\\n") .. quote
    elseif value == baton.none then
        return "baton.none"
    elseif type(value) ~= "table" then
        return tostring(value)
    end
    local parts, names = {}, {}
    for i = 1, #value do
        parts[i] = show(value[i])
    end
    for name in pairs(value) do
        if math.type(name) ~= "integer" then
            names[#names + 1] = name
        end
    end
    table.sort(names)
    for _, name in ipairs(names) do
        parts[#parts + 1] = name .. " = " .. show(value[name])
    end
    return #parts == 0 and "{}" or "{ " .. table.concat(parts, ", ") .. " }"
end

local function message(e)
    return type(e) == "table" and e.message or (tostring(e):gsub("^[^\n]-:%d+: ", ""))
end

local function matches(got, wanted)
    local pattern = wanted:gsub("[%^%$%(%)%%%.%[%]%*%+%-%?]", "%%%0"):gsub("…", ".*")
    return got:find("^" .. pattern .. "$") ~= nil
end

local function came(text, wanted, statement)
    printed = {}
    local results = table.pack(pcall(statement))
    local lines = printed
    printed = nil
    if not results[1] then
        lines[#lines + 1] = "error: " .. message(results[2])
    elseif results.n > 1 then
        local values = {}
        for i = 2, results.n do
            values[i - 1] = show(results[i])
        end
        lines[#lines + 1] = table.concat(values, ", ")
    end
    local got = table.concat(lines, "\n")
    if not matches(got, wanted) then
        error(("%s\n      expected: %s\n      got:      %s"):format(text, wanted, got), 0)
    end
end

-- Statements as { text =, wanted = }: as many lines as it takes to make a whole one.
local function statements(example)
    local list, text = {}, ""
    for line in (example .. "\n"):gmatch("(.-)\n") do
        local code, wanted = line:match("^(.-)%s*%-%->%s?(.*)$")
        if wanted and code == "" and text == "" then
            local last = list[#list]
            last.wanted = (last.wanted and last.wanted .. "\n" or "") .. wanted
        else
            text = text .. (text ~= "" and "\n" or "") .. (code or line)
            if load("return " .. text) or load(text) then
                list[#list + 1] = { text = text, wanted = wanted }
                text = ""
            elseif wanted then
                error(("--> stands behind what is no whole statement: %s"):format(text), 0)
            end
        end
    end
    if text ~= "" then
        error(select(2, load(text)), 0)
    end
    return list
end

local function run_example(example)
    local chunk = { "local came, list = ...\n" }
    local list = statements(example)
    for i, s in ipairs(list) do
        if s.wanted then
            local body = load("return " .. s.text) and "return " .. s.text or s.text
            chunk[#chunk + 1] = ("came(list[%d].text, list[%d].wanted, function() %s end)\n"):format(i, i, body)
        else
            chunk[#chunk + 1] = s.text .. "\n"
        end
    end
    local run, why = load(table.concat(chunk), "=example")
    if not run then
        error(why, 0)
    end
    return run(came, list)
end
