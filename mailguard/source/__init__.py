"""The source machine: Python text to dispatches. The only folder that imports libcst."""
