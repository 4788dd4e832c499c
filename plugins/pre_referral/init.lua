-- The six-stage pre-referral review. The workflow is data in workflow.lua; each
-- of the other files holds one idea: what a dossier is, what a plan is, how a
-- plan is checked week by week, when the clock of an evaluation runs.
baton.require("workflow")
baton.require("events")
baton.require("commands")
baton.require("reports")
