"""What a change brings in: the tree before it, read from git's objects and never checked out.

The code as it is now is judged by the settings, rules and baseline from before the change, and compared with the
code from before it. A change that loosens its own rules is told, and helps only the next one.

``change`` is what is under review, ``comparing`` asks git for it, ``stored`` is a tree as git has it, ``moves`` tells which new
file is an old one.
"""
