-- A guard sees the referral as it is, and beside it the fields that the
-- transition is about to set. What counts is what it will be.
local function values(r, call)
    return function(name)
        local changed = call and call.fields and call.fields[name]
        if changed == baton.none then
            return nil
        elseif changed ~= nil then
            return changed
        end
        return r.fields[name]
    end
end

return values
