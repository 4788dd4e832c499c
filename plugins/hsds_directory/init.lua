-- Fields for what the CSV files of the Human Services Data Specification 1.1
-- (and scripts/import_hsds.lua) bring along.
baton.field("partner", "tax_id", { type = "text", help = "tax id of the organisation" })
baton.field("partner", "legal_status", { type = "text", help = "legal status as published" })
baton.field("partner", "year_incorporated", { type = "int", min = 0, max = 9999, help = "year of incorporation, as published" })

baton.field("service", "information", { type = "text", help = "additional information" })
baton.field("service", "program", { type = "text", help = "programme of the organisation" })
baton.field("service", "income_limit", { type = "int", min = 0, max = 10000,
                                         help = "highest income, in per cent of the poverty line" })
baton.field("service", "veterans_only", { type = "bool", help = "only for veterans" })
baton.field("service", "military_statuses", { type = "list", help = "military statuses served" })
baton.field("service", "immigration_statuses", { type = "list", help = "immigration statuses served" })
baton.field("service", "incarceration_statuses", { type = "list", help = "incarceration statuses served" })

baton.field("location", "phones", { type = "list", help = 'further numbers: "tollfree: 800-625-2257"' })

baton.report("directory", { help = "services and locations of each partner" }, function()
    local rows = {}
    for partner in partners.each{} do
        rows[#rows + 1] = { partner = partner.name, services = services.count{ partner_id = partner },
                            locations = locations.count{ partner_id = partner } }
    end
    return rows
end)
