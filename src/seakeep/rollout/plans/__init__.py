"""Plans of rollouts. One file each; the file name is the public name, and `Settings` what can be set beside the rules.

Somebody else's plan is a module named by an entry point of the group `seakeep.rollout.plans`; `seakeep.testing.check_plan` holds
it, and the built-in ones, to what a rollout relies on.
"""
