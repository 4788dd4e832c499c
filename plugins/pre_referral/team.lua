-- Stage 3: who sits at the table, and how the table agrees on goals.
--
-- A seat is the pupil's teacher or a role of the team; so many of them as a team
-- has at least must say yes. The parent, whose consent a meeting does not need,
-- has a voice there but no veto: what the parent says is taken down by the member
-- of staff whom parent_speaker names.
local settings = baton.settings

local team = {}

function team.approval()
    if not settings.team_votes then
        return nil
    end
    local seats = {
        { name = "teacher", field = "teacher", title = "the pupil's teacher" },
        "specialist", "counsellor", "psychologist",
    }
    if settings.parent_seat then
        seats[#seats + 1] = { name = "parent", field = "parent_speaker", title = "the parent" }
    end
    return { need = settings.team_size, otherwise = "meet_again", seats = seats }
end

-- What keeps the meeting from counting as held, all of it.
function team.problems(value, now_ms)
    local missing = {}
    local at, invited = value("meeting_at"), value("parent_invited_at")
    if not at then
        missing[#missing + 1] = "no meeting is recorded (meeting_at)"
    elseif at > now_ms then
        missing[#missing + 1] = "the meeting is still to come: " .. clock.format(at)
    end
    if not invited then
        missing[#missing + 1] = "the parent was not invited (take invite)"
    elseif at and invited > at then
        missing[#missing + 1] = "the parent was invited after the meeting"
    end
    if value("parent_attended") == nil then
        missing[#missing + 1] = "whether the parent came (parent_attended)"
    end
    if #(value("attended") or {}) < settings.team_size then
        missing[#missing + 1] = ("a team is at least %d who came (attended)"):format(settings.team_size)
    end
    if #(value("goals") or {}) == 0 then
        missing[#missing + 1] = "no goal was set (goals, the most important first)"
    end
    return missing
end

-- No agreement: what was of the last meeting is to be done anew, the invitation too.
function team.meet_again(r)
    r:set{ fields = { meeting_at = baton.none, parent_invited_at = baton.none, parent_attended = baton.none,
                      attended = baton.none, goals = baton.none } }
end

return team
