-- A span of the settings. Where a school counts by its terms, working days are school days.
local function span(words)
    return baton.settings.school_days and words:gsub("working day", "school day") or words
end

return span
