-- Stages 4 and 5: the strategies of a review.
--
-- A strategy is a task of kind "strategy" about the review: its title says what
-- is done, its assignee does it, its due time is its end, its outcome what came
-- of it. So each has its own history and stands in the list of tasks of whoever
-- carries it out. What a task lacks are custom fields.
--
-- A round is one pass through stage 5. A strategy belongs to one round; what is
-- carried on in the next is written anew there.
local span = baton.require("span")

local plan = {}

baton.field("task", "strategy_concern", { type = "text", help = "the concern that the strategy answers" })
baton.field("task", "strategy_weeks", { type = "int", min = 1, max = 36, help = "how many weeks it lasts" })
baton.field("task", "strategy_round", { type = "int", min = 1, max = 20, help = "the round it belongs to" })

function plan.round(r)
    return r.fields.round or 1
end

-- The strategies of one round, or of all; those that were dropped are left out.
function plan.strategies(r, round)
    local found = {}
    for task in tasks.each{ about = r, kind = "strategy" } do
        if task.status ~= "cancelled" and (not round or task.fields.strategy_round == round) then
            found[#found + 1] = task
        end
    end
    return found
end

-- "reading", 2 or part of the words: the concern as the review has it; else nil and why.
function plan.concern(r, wanted)
    local concerns = r.fields.concerns or {}
    local number = math.tointeger(tonumber(wanted))
    if number then
        if concerns[number] then
            return concerns[number]
        end
        return nil, ("%s has %d concerns, none numbered %d"):format(r.ref, #concerns, number)
    end
    local folded, near = text.fold(wanted), nil
    for _, concern in ipairs(concerns) do
        local candidate = text.fold(concern)
        if candidate == folded then
            return concern
        elseif candidate:find(folded, 1, true) then
            near = concern
        end
    end
    if near then
        return near
    end
    return nil, ('%s has no concern "%s"; it has: %s'):format(r.ref, wanted, table.concat(concerns, "; "))
end

function plan.add(r, strategy)
    return r:task{
        kind = "strategy", title = strategy.title, assignee = strategy.assignee,
        fields = { strategy_concern = strategy.concern, strategy_weeks = strategy.weeks,
                   strategy_round = strategy.round or plan.round(r) },
    }
end

-- Weeks out of range, as a sentence; nil if they are in it. Severity lowers the
-- lower bound only: a long plan postpones the decision.
function plan.wrong_weeks(weeks, severe)
    local shortest = severe and 1 or baton.settings.shortest_weeks
    local longest = baton.settings.longest_weeks
    if not weeks then
        return ("says no duration: %d to %d weeks"):format(shortest, longest)
    elseif weeks < shortest then
        return ("lasts %d weeks: at least %d are needed, fewer only if the case is severe")
            :format(weeks, shortest)
    elseif weeks > longest then
        return ("lasts %d weeks: at most %d are allowed"):format(weeks, longest)
    end
end

-- What keeps the plan from beginning, all of it.
function plan.problems(r, value)
    local problems, counts = {}, {}
    for _, task in ipairs(plan.strategies(r, plan.round(r))) do
        local concern = task.fields.strategy_concern
        local wrong = plan.wrong_weeks(task.fields.strategy_weeks, value("severe"))
        counts[concern] = (counts[concern] or 0) + 1
        if wrong then
            problems[#problems + 1] = ('strategy "%s" %s'):format(task.title, wrong)
        end
    end
    local needed = baton.settings.minimum_strategies
    for _, concern in ipairs(value("concerns") or {}) do
        local count = counts[concern] or 0
        if count < needed then
            problems[#problems + 1] = needed == 1 and ('concern "%s" has no strategy'):format(concern)
                or ('concern "%s" has %d of %d strategies'):format(concern, count, needed)
        end
    end
    return problems
end

-- Different strategies carried through, over all rounds: the same one twice is one.
function plan.interventions(r)
    local seen, count = {}, 0
    for _, task in ipairs(plan.strategies(r)) do
        local key = text.fold(task.title)
        if task.status == "done" and not seen[key] then
            seen[key] = true
            count = count + 1
        end
    end
    return count
end

-- Sets the ends of the strategies of this round and of the round itself.
function plan.begin(r, now_ms)
    local longest = 0
    for _, task in ipairs(plan.strategies(r, plan.round(r))) do
        local weeks = task.fields.strategy_weeks
        longest = math.max(longest, weeks)
        task:set{ due_at_ms = clock.parse(weeks .. " weeks", now_ms) }
    end
    local ends = clock.parse(longest .. " weeks", now_ms)
    r:set{ fields = {
        round = plan.round(r), began_at = now_ms, plan_ends_at = ends,
        evaluate_by_at = clock.parse(span(baton.settings.evaluate_within), ends), progress = baton.none,
    } }
end

-- The round is over: its strategies are done, and count.
function plan.finish(r)
    for _, task in ipairs(plan.strategies(r, plan.round(r))) do
        if task.status == "open" then
            task:done("carried through")
        end
    end
    r:set{ fields = { rounds_done = (r.fields.rounds_done or 0) + 1 } }
end

-- Opens the next round: with the same strategies again, or with none.
function plan.next_round(r, keep)
    local round = plan.round(r)
    local before = keep and plan.strategies(r, round) or {}
    r:set{ fields = { round = round + 1 } }
    for _, task in ipairs(before) do
        plan.add(r, { title = task.title, assignee = task.assignee, round = round + 1,
                      concern = task.fields.strategy_concern, weeks = task.fields.strategy_weeks })
    end
end

-- The review ends: nobody is asked for its strategies any more.
function plan.stop(r)
    for _, task in ipairs(plan.strategies(r)) do
        if task.status == "open" then
            task:cancel()
        end
    end
end

return plan
