"""The shared language of mailguard. Imports nothing of ours and no third party."""
