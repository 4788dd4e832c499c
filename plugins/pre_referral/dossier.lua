-- Stage 2: what must be known of a pupil before the team meets. A part counts
-- as there when something is written in it ("none known" is an answer).
local dossier = {}

dossier.parts = {
    { name = "records", title = "school records", help = "what the school's records say" },
    { name = "attendance", title = "attendance", help = "days missed, coming late" },
    { name = "discipline", title = "discipline", help = "incidents and what followed" },
    { name = "earlier_scores", title = "earlier scores", help = "results of earlier tests" },
    { name = "parent_interview", title = "parent interview", help = "what the parent says" },
    { name = "child_interview", title = "child interview", help = "what the pupil says" },
    { name = "work_samples", title = "work samples", help = "what the pupil's work shows" },
    { name = "earlier_interventions", title = "earlier interventions", help = "what was tried before" },
    { name = "observations", title = "observations", type = "list",
      help = 'an item for each, the setting first: "playground: plays alone"' },
}

-- The settings named by observations such as "playground: plays alone".
local function settings_of(observations)
    local seen, names = {}, {}
    for _, item in ipairs(observations or {}) do
        local setting, what = item:match("^%s*([^:]+)%s*:%s*(.*)$")
        local key = setting and text.fold(text.trim(setting))
        if key and what ~= "" and not seen[key] then
            seen[key] = true
            names[#names + 1] = text.trim(setting)
        end
    end
    return names
end

-- Names what is missing, in the order of the list above; `value(name)` gives a field.
function dossier.missing(value)
    local missing = {}
    for _, part in ipairs(dossier.parts) do
        if part.name == "observations" then
            local needed = baton.settings.observation_settings
            local names = settings_of(value("observations"))
            if #names < needed then
                missing[#missing + 1] = ("observations in %d different settings (so far: %s)")
                    :format(needed, #names > 0 and table.concat(names, ", ") or "none")
            end
        else
            local written = value(part.name)
            if not written or text.trim(written) == "" then
                missing[#missing + 1] = part.title
            end
        end
    end
    return missing
end

return dossier
