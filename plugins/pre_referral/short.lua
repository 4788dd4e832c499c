-- A name as it goes into a title: a title may be as long as a name, so not with one in it.
local longest = 120 -- bytes

local function short(name)
    if #name <= longest then
        return name
    end
    return name:sub(1, utf8.offset(name, 0, longest + 1) - 1) .. "…"
end

return short
