-- Reads a service directory in the CSV form of the Human Services Data
-- Specification 1.1 into partners, services and locations:
--
--   baton run --org florida_legal scripts/import_hsds.lua organizations.csv services.csv locations.csv
--
-- The organisation needs the plugin hsds_directory. Rows are found again by the
-- ids of the directory, so a second run changes what has changed and nothing
-- else. Each batch is all or nothing; a row that can't be taken is named with
-- its file and line and left out.

local BATCH_ROWS = 50
local REFUSED_SHOWN = 20
local NO_AGE_LIMIT = 120 -- directories write 200 or 999 for "no upper limit"

if #arg < 3 then
    error("usage: import_hsds.lua organizations.csv services.csv locations.csv", 0)
end
local organizations_file, services_file, locations_file = arg[1], arg[2], arg[3]

-- ---- cells ----

-- The text of a cell; nil where it is empty.
local function words(cell)
    local value = text.trim(cell or "")
    return value ~= "" and value or nil
end

-- The same for what need not be there: directories write N/A for nothing.
local function optional(cell)
    local value = words(cell)
    return value ~= "N/A" and value or nil
end

-- "a; b; b;" → {"a", "b"}
local function list(cell)
    local items, seen = {}, {}
    for _, item in ipairs(text.split(cell or "", ";")) do
        item = text.trim(item)
        if item ~= "" and not seen[item] then
            seen[item] = true
            items[#items + 1] = item
        end
    end
    return #items > 0 and items or nil
end

local function packed(cell)
    local items = list(cell)
    return items and table.concat(items, "; ")
end

local function int(cell)
    return math.tointeger(tonumber(words(cell)))
end

local function truth(cell)
    local value = words(cell)
    if value then
        return value:lower() == "true"
    end
end

-- "tollfree: 800-1, main: 850-2" → "850-2", {"tollfree: 800-1"}
local function phones(cell)
    local main, others = nil, {}
    for _, item in ipairs(text.split(cell or "", ",")) do
        local kind, number = text.trim(item):match("^(%a+):%s*(.+)$")
        if kind == "main" and not main then
            main = number
        elseif kind then
            others[#others + 1] = kind .. ": " .. number
        end
    end
    return main, #others > 0 and others or nil
end

-- ---- rows ----

-- An unquoted comma in a text pushes the cells after it to the right, into the
-- columns without a name at the end of the header: as many as are filled there,
-- so many commas it was. They can only be given back to the one long text.
local function realigned(cells, header, long_text)
    local named = #header
    while named > 0 and header[named] == "" do
        named = named - 1
    end
    local surplus = 0
    for i = named + 1, #cells do
        if cells[i] ~= "" then
            surplus = i - named
        end
    end
    if surplus == 0 then
        return cells, false
    end
    local at
    for i, name in ipairs(header) do
        if name == long_text then
            at = i
        end
    end
    local fixed = {}
    for i = 1, at - 1 do
        fixed[i] = cells[i]
    end
    fixed[at] = table.concat(cells, ",", at, at + surplus)
    for i = at + surplus + 1, #cells do
        fixed[#fixed + 1] = cells[i]
    end
    return fixed, true
end

local function has(header, wanted)
    for _, name in ipairs(header) do
        if name == wanted then
            return true
        end
    end
    return false
end

-- Every row of a file as a table by header, with its line; `long_text` names the
-- column that may hold stray commas.
local function read(file, long_text)
    local rows, header, shifted = {}, nil, 0
    for cells, line in csv.read(file, { header = false }) do
        if not header then
            header = cells
            if not has(header, long_text) then
                error(("%s:%d: no column %s: this is not the file of the directory that it should be"):format(file,
                    line, long_text), 0)
            end
        else
            local fixed, was_shifted = realigned(cells, header, long_text)
            local row = { line = line }
            for i, name in ipairs(header) do
                if name ~= "" then
                    row[name] = fixed[i]
                end
            end
            shifted = shifted + (was_shifted and 1 or 0)
            rows[#rows + 1] = row
        end
    end
    return rows, shifted
end

local function same(a, b)
    if type(a) ~= "table" or type(b) ~= "table" then
        return a == b
    end
    if #a ~= #b then
        return false
    end
    for i = 1, #a do
        if a[i] ~= b[i] then
            return false
        end
    end
    return true
end

-- What of `wanted` differs from the row: a value that the directory no longer has is
-- cleared. nil if nothing differs.
local function difference(h, wanted, names)
    local changes, changed = { fields = {} }, false
    for _, name in ipairs(names) do
        local field = name:match("^fields%.(.+)$")
        local have, want, into
        if field then
            have, want, into = h.fields[field], wanted.fields[field], changes.fields
        else
            have, want, into = h[name], wanted[name], changes
        end
        if not same(have, want) then
            into[field or name], changed = want == nil and baton.none or want, true
        end
    end
    return changed and changes or nil
end

local function store(module, wanted, names)
    local h = module.first{ external_id = wanted.external_id }
    if not h then
        module.add(wanted)
        return "created"
    end
    local changes = difference(h, wanted, names)
    if not changes then
        return "unchanged"
    end
    h:set(changes)
    return "changed"
end

-- One file: `long_text` is its column with free text, `names` what it brings, `wanted_of(row)`
-- makes a row of the organisation from one of the file, or nil and why not.
local function import(label, module, file, long_text, names, wanted_of)
    local rows, shifted = read(file, long_text)
    local counts = { created = 0, changed = 0, unchanged = 0, refused = 0 }
    local line_of = {} -- by id: a second row of the same id would undo the first at every import
    for first = 1, #rows, BATCH_ROWS do
        local last = math.min(first + BATCH_ROWS - 1, #rows)
        local results = baton.turn(function()
            local results = { created = 0, changed = 0, unchanged = 0, refused = 0 }
            for i = first, last do
                local wanted, why = wanted_of(rows[i])
                local result
                local id = wanted and wanted.external_id
                if id and line_of[id] then
                    why = ("%s is on line %d too"):format(id, line_of[id])
                elseif wanted then
                    result, why = baton.try(store, module, wanted, names)
                    line_of[id] = result and rows[i].line
                end
                if not result then
                    result = "refused"
                    if counts.refused + results.refused < REFUSED_SHOWN then
                        print(("%s:%d: refused: %s"):format(file, rows[i].line, why))
                    end
                end
                results[result] = results[result] + 1
            end
            return results
        end)
        for result, count in pairs(results) do
            counts[result] = counts[result] + count
        end
        progress(last, #rows, label)
    end
    print(("%-10s %4d rows: %d created, %d changed, %d unchanged, %d refused%s"):format(label, #rows,
        counts.created, counts.changed, counts.unchanged, counts.refused,
        shifted > 0 and (" (%d shifted by a stray comma, set right)"):format(shifted) or ""))
end

-- ---- the three files ----

local partner_ids = {} -- by the directory's id

local function partner_of(row)
    local id = words(row.organization_uuid)
    if not id then
        return nil, "no organization_uuid"
    end
    if not partner_ids[id] then
        partner_ids[id] = partners.first{ external_id = id }
    end
    if not partner_ids[id] then
        return nil, ("no organisation %s (%s)"):format(id, row.organization_name or "")
    end
    return partner_ids[id]
end

import("partners", partners, organizations_file, "organization_description", {
    "name", "alternate_name", "email", "url", "description",
    "fields.tax_id", "fields.legal_status", "fields.year_incorporated",
}, function(row)
    if not words(row.organization_uuid) or not words(row.organization_name) then
        return nil, "organization_uuid and organization_name are needed"
    end
    return {
        external_id = words(row.organization_uuid), name = words(row.organization_name),
        alternate_name = optional(row.organization_alternate_name), email = optional(row.organization_email),
        url = optional(row.organization_url), description = optional(row.organization_description),
        fields = { tax_id = optional(row.organization_tax_id), legal_status = optional(row.organization_legal_status),
                   year_incorporated = int(row.organization_year_incorporated) },
    }
end)

import("services", services, services_file, "service_description", {
    "partner_id", "name", "alternate_name", "description", "email", "url", "areas", "topics", "min_age", "max_age",
    "fields.information", "fields.program", "fields.income_limit", "fields.veterans_only",
    "fields.military_statuses", "fields.immigration_statuses", "fields.incarceration_statuses",
}, function(row)
    local partner, why = partner_of(row)
    if not partner then
        return nil, why
    end
    if not words(row.service_uuid) or not words(row.service_name) then
        return nil, "service_uuid and service_name are needed"
    end
    local max_age = int(row.service_max_age)
    return {
        partner_id = partner.id, external_id = words(row.service_uuid), name = words(row.service_name),
        alternate_name = optional(row.service_alternate_name), description = optional(row.service_description),
        email = optional(row.service_email), url = optional(row.service_url), areas = packed(row.service_areas),
        topics = packed(row.service_problem_codes), min_age = int(row.service_min_age),
        max_age = max_age and max_age < NO_AGE_LIMIT and max_age or nil,
        fields = {
            information = optional(row.service_additional_information), program = optional(row.service_program),
            income_limit = int(row.service_income_limit), veterans_only = truth(row.service_require_veteran),
            military_statuses = list(row.service_military_status),
            immigration_statuses = list(row.service_immigration_status),
            incarceration_statuses = list(row.service_incarceration_status),
        },
    }
end)

import("locations", locations, locations_file, "location_address", {
    "partner_id", "name", "address", "url", "phone", "fields.phones",
}, function(row)
    local partner, why = partner_of(row)
    if not partner then
        return nil, why
    end
    if not words(row.location_uuid) or not words(row.location_name) then
        return nil, "location_uuid and location_name are needed"
    end
    local main, others = phones(row.phones)
    return {
        partner_id = partner.id, external_id = words(row.location_uuid), name = words(row.location_name),
        address = optional(row.location_address), url = optional(row.location_url), phone = main,
        fields = { phones = others },
    }
end)
